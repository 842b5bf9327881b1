import type { ReactNode, SyntheticEvent } from 'react';

interface Props {
  title: string;
  /** What sending it does, as on its button. */
  action: string;
  isPending: boolean;
  error: Error | null;
  onSubmit: () => void;
  children: ReactNode;
  /** Other ways. */
  below?: ReactNode;
}

/** A form at the door. */
export function Entry({ title, action, isPending, error, onSubmit, children, below }: Props) {
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit} aria-label={title} className="mx-auto mt-[12vh] flex w-full max-w-sm flex-col gap-3 rounded-lg border border-line bg-card p-5">
      <h1 className="font-semibold">{title}</h1>
      {children}
      {error && <p role="alert" className="text-sm text-bad">{error.message}</p>}
      <button type="submit" className="button self-start" disabled={isPending}>{isPending ? 'A moment…' : action}</button>
      {below}
    </form>
  );
}
