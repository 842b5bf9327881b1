import { Link } from 'react-router';
import { formatChange, formatRate } from '../../shared/format';

export interface ShareRow {
  key: string;
  name: string;
  /** Said of the name, in soft letters. */
  note?: string | undefined;
  value: string;
  /** All that is known of it. */
  exact: string;
  share: number;
  change: number | null;
  color?: string | undefined;
  to: string;
}

interface Props {
  rows: ShareRow[];
  label: string;
  /** What the values are. */
  unit: string;
  /** Whether shares of a whole can be told. */
  shares: boolean;
  compared: boolean;
}

/** Names with a bar for their share; each leads to its view. */
export function ShareList({ rows, label, unit, shares, compared }: Props) {
  const most = Math.max(...rows.map((row) => row.share));
  return (
    <>
      <div aria-hidden="true" className="flex gap-3 px-2 pb-1 text-[11px] text-ink-soft">
        <span className="flex-1" />
        <span>{unit}</span>
        {shares && <span className="hidden w-16 text-right sm:inline">Share</span>}
        {compared && <span className="w-16 text-right">Change</span>}
      </div>
      <ol aria-label={label} className="flex flex-col gap-1">
        {rows.map((row) => (
          <li key={row.key}>
            <Link to={row.to} className="relative flex items-center gap-3 overflow-hidden rounded px-2 py-1.5 text-sm hover:bg-surface">
              <span
                aria-hidden="true"
                className="absolute inset-y-0 left-0 rounded opacity-15"
                style={{ width: `${most === 0 ? 0 : (row.share / most) * 100}%`, background: row.color ?? 'var(--accent)' }}
              />
              <span className="relative min-w-0 flex-1 truncate" title={row.name}>
                {row.name} {row.note && <span className="text-ink-soft">{row.note}</span>}
              </span>
              <span className="relative font-medium whitespace-nowrap" title={row.exact}>{row.value}</span>
              {shares && <span className="relative hidden w-16 text-right text-xs whitespace-nowrap text-ink-soft sm:inline">{formatRate(row.share)}</span>}
              {compared && (
                <span className="relative w-16 text-right text-xs whitespace-nowrap text-ink-soft" title="Change from the range it is set beside">
                  {formatChange(row.change)}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ol>
    </>
  );
}
