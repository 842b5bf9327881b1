import { useRef, useState } from 'react';
import { copyText } from './copy';

interface Props {
  /** What is copied, for those who hear it: “Traffic”. */
  of: string;
  curl: () => string;
  csv: () => string;
}

/** The question behind a card as curl, and its answer as CSV. */
export function CopyMenu({ of, curl, csv }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const [said, setSaid] = useState('');
  const copy = async (text: string, what: string) => {
    setSaid((await copyText(text)) ? `Copied as ${what}` : 'The browser does not let this page copy');
    if (menu.current) menu.current.open = false;
  };
  return (
    <details ref={menu} className="relative text-xs" onToggle={(event) => { if (event.currentTarget.open) setSaid(''); }}>
      <summary className="cursor-pointer list-none rounded px-1.5 py-0.5 text-ink-soft hover:bg-surface hover:text-ink" aria-label={`Copy ${of}`}>
        {said || 'Copy'}
      </summary>
      <div className="absolute right-0 z-20 mt-1 flex w-36 flex-col rounded-md border border-line bg-card p-1 shadow-lg">
        <button type="button" className="menu-item" onClick={() => void copy(curl(), 'curl')}>Copy as curl</button>
        <button type="button" className="menu-item" onClick={() => void copy(csv(), 'CSV')}>Copy as CSV</button>
      </div>
      <span role="status" className="sr-only">{said}</span>
    </details>
  );
}
