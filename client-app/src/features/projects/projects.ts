import { queryOptions, useQuery } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';
import { useNamedProject } from '../../shared/project';
import { me, queryClient } from '../access/access';

export type Project = Schemas['ProjectRow'];

/** Those that one may see. */
export const projects = queryOptions({
  queryKey: ['projects'],
  queryFn: async ({ signal }) => (await getJson('/projects', {}, signal)).data,
});

/** Those that were deleted and can be restored. */
export const deletedProjects = queryOptions({
  queryKey: ['projects', 'deleted'],
  queryFn: async ({ signal }) => (await getJson('/projects', { deleted: 'true' }, signal)).data,
});

/** The project that one is in; null while that is not known. */
export function useProject() {
  return useQuery(me).data?.project ?? null;
}

/** Everything is asked anew of another project, and nothing of the one before stays. */
export function enter(named: string) {
  useNamedProject.setState({ named });
  queryClient.removeQueries({ type: 'inactive' });
  void queryClient.resetQueries();
}
