import type { AnswerDiff, Difference } from './queries';

interface Props {
  diff: AnswerDiff;
  /** Leaves paths out from now on; none without. */
  onIgnore?: ((paths: string[]) => void) | undefined;
}

const anyPlace = (path: string) => path.replace(/\[\d+\]/g, '[*]');
const shown = (value: unknown) => (value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value));

/** Where an answer differs from the recorded one. */
export function DiffView({ diff, onIgnore }: Props) {
  const noise = [...new Set(diff.body.filter((one) => one.is_likely_noise).map((one) => anyPlace(one.path)))];
  return (
    <section aria-label="Differences" className="flex flex-col gap-2 text-sm">
      <p role="status">
        {diff.same ? <strong className="text-good">Same as recorded</strong> : <strong className="text-bad">Differs from what was recorded</strong>}
        {diff.is_cut && <span className="text-ink-soft"> · compared as far as both were kept</span>}
      </p>
      {diff.status && <p>Status <del className="text-bad no-underline">{shown(diff.status.recorded)}</del> → <strong>{shown(diff.status.replayed)}</strong></p>}
      {onIgnore && noise.length > 0 && (
        <p className="flex flex-wrap items-center gap-2 text-xs text-ink-soft">
          {noise.length === 1 ? 'One field looks' : `${noise.length} fields look`} as if it differed each time: {noise.slice(0, 5).join(', ')}
          <button type="button" className="button" onClick={() => { onIgnore(noise); }}>Leave {noise.length === 1 ? 'it' : 'them'} out</button>
        </p>
      )}
      {diff.headers.length > 0 && <Differences name="Headers" rows={diff.headers} />}
      {diff.body.length > 0 && <Differences name="Body" rows={diff.body} onIgnore={onIgnore} />}
      {diff.ignored.length > 0 && <p className="text-xs text-ink-soft">Left out: {diff.ignored.join(', ')}</p>}
    </section>
  );
}

function Differences({ name, rows, onIgnore }: { name: string; rows: Difference[]; onIgnore?: ((paths: string[]) => void) | undefined }) {
  return (
    <table aria-label={`${name} that differ`} className="w-full table-fixed text-xs">
      <thead>
        <tr className="text-left text-ink-soft">
          <th scope="col" className="w-2/6 py-1 font-medium">{name}</th>
          <th scope="col" className="w-2/6 py-1 font-medium">Recorded</th>
          <th scope="col" className="w-2/6 py-1 font-medium">Now</th>
          {onIgnore && <th scope="col" className="w-16"><span className="sr-only">Actions</span></th>}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.path} ${row.kind}`} className="border-t border-line align-top">
            <th scope="row" className="py-1 pr-2 text-left font-mono font-normal wrap-anywhere">{row.path === '' ? '(whole)' : row.path}</th>
            <td className="py-1 pr-2 font-mono wrap-anywhere whitespace-pre-wrap text-bad">
              {row.kind === 'added' ? <span className="text-ink-soft">none</span> : shown(row.recorded)}
            </td>
            <td className="py-1 pr-2 font-mono wrap-anywhere whitespace-pre-wrap text-good">
              {row.kind === 'removed' ? <span className="text-ink-soft">none</span> : shown(row.replayed)}
            </td>
            {onIgnore && (
              <td className="py-0.5 text-right">
                {row.path !== '' && (
                  <button type="button" className="button" aria-label={`Leave out ${row.path}`} onClick={() => { onIgnore([anyPlace(row.path)]); }}>
                    Ignore
                  </button>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
