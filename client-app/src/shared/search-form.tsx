interface Props {
  label: string;
  placeholder: string;
  search: string;
  onSearch: (search: string) => void;
}

/** What is searched for, taken when it is sent. */
export function SearchForm({ label, placeholder, search, onSearch }: Props) {
  return (
    <form
      role="search"
      key={search}
      className="flex min-w-0 flex-1 gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get('search');
        onSearch(typeof text === 'string' ? text.trim() : '');
      }}
    >
      <input
        name="search"
        type="search"
        data-shortcut="search"
        aria-label={label}
        maxLength={1_000}
        defaultValue={search}
        placeholder={placeholder}
        className="min-w-0 flex-1 rounded-md border border-line bg-card px-3 py-1.5 text-sm"
      />
      <button type="submit" className="button">Search</button>
    </form>
  );
}
