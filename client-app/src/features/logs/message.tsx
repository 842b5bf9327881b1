import { Fragment } from 'react';

const ESC = String.fromCharCode(27);
const ANSI = new RegExp(`${ESC}\\[[0-9;?]*[ -/]*[@-~]`, 'g');

/** What programs write for terminals to colour says nothing here. */
export const withoutColours = (message: string) => (message.includes(ESC) ? message.replace(ANSI, '') : message);

/** The first line, and how many follow. */
export function fold(message: string): { first: string; more: number } {
  const end = message.indexOf('\n');
  return end < 0
    ? { first: message, more: 0 }
    : {
        first: message.slice(0, end),
        more: message
          .slice(end + 1)
          .split('\n')
          .filter((line) => line !== '').length,
      };
}

/** A text with what was searched for marked in it. */
export function Marked({ text, words }: { text: string; words: readonly string[] }) {
  if (words.length === 0) return text;
  const any = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'gi');
  return text.split(any).map((part, index) =>
    index % 2 === 1 ? <mark key={index} className="rounded-xs bg-[var(--mark)] text-ink">{part}</mark> : <Fragment key={index}>{part}</Fragment>);
}
