import { useQuery } from '@tanstack/react-query';
import { Fragment, useEffect, useState, type ReactNode } from 'react';
import { PROJECT_PARAMETER, useNamedProject } from '../../shared/project';
import { useParameters } from '../../shared/use-parameters';
import { me } from '../access/access';
import { enter, projects } from './projects';

/**
 * Keeps what is asked of the server and what the address says one project. What is below is not there while they differ, and is made anew for another:
 * nothing of one is seen in the other. Where there are several, the address always names one, so that it can be given to others.
 */
export function Projected({ children }: { children: ReactNode }) {
  const [query, setQuery] = useParameters();
  const wanted = query.get(PROJECT_PARAMETER);
  const named = useNamedProject((project) => project.named);
  const [entered, setEntered] = useState(0);
  const { data: self } = useQuery(me);
  const { data: all } = useQuery({ ...projects, enabled: self?.may.includes('read') === true });
  const own = (all?.length ?? 0) > 1 ? (self?.project?.id ?? null) : null;
  useEffect(() => {
    if (wanted !== null && wanted !== named) {
      enter(wanted);
      // eslint-disable-next-line react-hooks/set-state-in-effect -- once for each project that is entered
      setEntered((count) => count + 1);
    } else if (wanted === null && (named ?? own) !== null) {
      const project = named ?? `${own}`;
      useNamedProject.setState({ named: project });
      setQuery((current) => {
        current.set(PROJECT_PARAMETER, project);
        return current;
      }, { replace: true });
    }
  }, [wanted, named, own, setQuery]);
  return wanted === null || wanted === named ? <Fragment key={entered}>{children}</Fragment> : null;
}
