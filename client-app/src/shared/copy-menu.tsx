import { useState } from 'react';
import { copyText } from './copy';
import { Popover } from './popover';

interface Props {
  /** What is copied, for those who hear it: “Traffic”. */
  of: string;
  curl: () => string;
  csv: () => string;
}

/** The question behind a card as curl, and its answer as CSV. */
export function CopyMenu({ of, curl, csv }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [said, setSaid] = useState('');
  const copy = async (text: string, what: string) => {
    setSaid((await copyText(text)) ? `Copied as ${what}` : 'The browser does not let this page copy');
    setOpen(false);
  };
  return (
    <>
      <Popover
        name={said || 'Copy'}
        label={`Copy ${of}`}
        isOpen={isOpen}
        onOpen={(next) => { setOpen(next); if (next) setSaid(''); }}
        className="cursor-pointer rounded px-1.5 py-0.5 text-xs text-ink-soft hover:bg-surface hover:text-ink"
        inside="w-36 p-1 text-xs"
      >
        <button type="button" className="menu-item" onClick={() => void copy(curl(), 'curl')}>Copy as curl</button>
        <button type="button" className="menu-item" onClick={() => void copy(csv(), 'CSV')}>Copy as CSV</button>
      </Popover>
      <span role="status" className="sr-only">{said}</span>
    </>
  );
}
