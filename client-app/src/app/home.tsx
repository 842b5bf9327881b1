import { NavLink } from 'react-router';
import { useLinkTo } from '../shared/filters/use-filters';

/** The mark, which leads to the overview. */
export function Home({ isFolded = false }: { isFolded?: boolean }) {
  const linkTo = useLinkTo();
  return (
    <NavLink
      to={linkTo('/dashboard', { endpoint: null, selection: null })}
      aria-label="Bayou"
      className="flex items-center gap-2 px-2 py-1 text-base font-semibold tracking-tight"
    >
      <svg viewBox="0 0 16 16" className="size-5 shrink-0" aria-hidden="true">
        <path d="M1 11q3.5-6 7 0t7-4" fill="none" stroke="var(--accent)" strokeWidth="2.5" strokeLinecap="round" />
      </svg>
      {!isFolded && 'Bayou'}
    </NavLink>
  );
}
