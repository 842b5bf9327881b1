import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useNamedProject } from '../../shared/project';
import { me } from '../access/access';

/** Why there is no project to show; null where there is one. */
export function useNoProject() {
  const { data: self } = useQuery(me);
  const named = useNamedProject((project) => project.named);
  if (!self?.kind) return null;
  if (!self.project) return <p role="alert">You have no role in any project. Somebody who manages one can give you one, under Settings.</p>;
  if (named === null || named === `${self.project.id}` || named.toLowerCase() === self.project.name.toLowerCase()) return null;
  return (
    <p role="alert">
      There is no project {named}, or you have no role in it.{' '}
      <Link to={`/dashboard?project=${self.project.id}`} className="underline">To {self.project.name}</Link>
    </p>
  );
}
