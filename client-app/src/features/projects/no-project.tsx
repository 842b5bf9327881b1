import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'react-router';
import { useNamedProject } from '../../shared/project';
import { me } from '../access/access';

/** Why there is no project to show; null where there is one. */
export function useNoProject() {
  const { pathname } = useLocation();
  const { data: self } = useQuery(me);
  const named = useNamedProject((project) => project.named);
  if (!self?.kind) return null;
  if (!self.project) {
    if (pathname === '/dashboard/settings') return null; // One's own sessions and password are there all the same.
    return (
      <p role="alert">
        You have no role in any project yet: ask somebody who manages one.{' '}
        <Link to="/dashboard/settings?tab=sessions" className="underline">Your password and sessions</Link>
      </p>
    );
  }
  if (named === null || named === `${self.project.id}` || named.toLowerCase() === self.project.name.toLowerCase()) return null;
  return (
    <p role="alert">
      There is no project {named}, or you have no role in it.{' '}
      <Link to={`/dashboard?project=${self.project.id}`} className="underline">To {self.project.name}</Link>
    </p>
  );
}
