import { useState } from 'react';
import { copyText } from '../../shared/copy';

interface Props {
  /** What it is, as in "The key". */
  name: string;
  secret: string;
  /** What to do with it. */
  children: React.ReactNode;
  onDone: () => void;
}

/** A secret that is shown this once. */
export function OneTime({ name, secret, children, onDone }: Props) {
  const [said, setSaid] = useState('Copy');
  return (
    <div role="status" className="mb-3 flex flex-col gap-2 rounded-md border border-good p-3 text-sm">
      <p>{children}</p>
      <div className="flex flex-wrap items-center gap-2">
        <code aria-label={name} className="min-w-0 flex-1 rounded bg-surface px-2 py-1.5 text-xs wrap-anywhere whitespace-pre-wrap">{secret}</code>
        <button
          type="button"
          className="button"
          onClick={() => { void copyText(secret).then((copied) => { setSaid(copied ? 'Copied' : 'Select it and press Ctrl-C'); }); }}
        >
          {said}
        </button>
        <button type="button" className="button" onClick={onDone}>Done</button>
      </div>
    </div>
  );
}
