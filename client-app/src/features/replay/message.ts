/** Names with what they hold, in the order of names. */
export function headersOf(headers: unknown): [string, string][] {
  if (headers === null || typeof headers !== 'object') return [];
  return Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]).sort(([a], [b]) => a.localeCompare(b));
}

/** A body as a text: JSON by lines, all else as it is. */
export function textOf(body: unknown): string {
  if (body === null || body === undefined) return '';
  return typeof body === 'string' ? body : JSON.stringify(body, null, 2);
}

export const isMarked = (text: string) => /\[redacted \d+\]|%5Bredacted%20\d+%5D/i.test(text);

/** Parts of a text, those that stand for a secret apart. */
export function markedParts(text: string): { text: string; isMark: boolean }[] {
  return text.split(/(\[redacted \d+\])/).filter((part) => part !== '').map((part) => ({ text: part, isMark: /^\[redacted \d+\]$/.test(part) }));
}

export const statusColor = (status: number) => `var(--status-${Math.floor(status / 100)}xx)`;
