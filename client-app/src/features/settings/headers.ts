/** What headers a text has, one a line as `Name: value`; or the line that is none. */
export function headersOf(text: string): { headers: Record<string, string> } | { wrong: string } {
  const headers: Record<string, string> = {};
  for (const line of text.split('\n').map((one) => one.trim()).filter(Boolean)) {
    const colon = line.indexOf(':');
    if (colon < 1) return { wrong: `${line} is no header: write Name: value` };
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return { headers };
}
