import type { Query } from './api';
import { urlOf } from './api';
import { namedProject } from './project';

/** Puts text on the clipboard; false when the browser does not let it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // Denied, or a page on plain http, where there is no clipboard; the caller says so.
  }
}

/** The command that asks the same question. */
export function curlOf(path: string, query: Query): string {
  const url = `${window.location.origin}${urlOf(path, { ...query, ...namedProject() })}`;
  return `curl '${url.replaceAll("'", "'\\''")}'`;
}

// Blanks, control characters and those without width before it are skipped by spreadsheets, and full-width signs read as signs.
const FORMULA = /^[\t\r\n]|^[\s\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2060\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/;

export type Cell = string | number | null;

/** RFC 4180. A cell that a spreadsheet would take for a formula is kept from it. */
export function csvOf(header: string[], rows: Cell[][]): string {
  const field = (cell: Cell) => {
    const text = cell === null ? '' : typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : `${cell}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(field).join(',')).join('\r\n') + '\r\n';
}
