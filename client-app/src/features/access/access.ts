import { QueryCache, QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { create } from 'zustand';
import { ApiError, getJson, type Schemas } from '../../shared/api';

export type Me = Schemas['Me'];

interface Access {
  /** The server wants to know who one is before it says anything. */
  isAsked: boolean;
  ask: () => void;
  granted: () => void;
}

export const useAccess = create<Access>((set) => ({
  isAsked: false,
  ask: () => { set({ isAsked: true }); },
  granted: () => { set({ isAsked: false }); },
}));

/** Whoever asks the server and is refused has the page ask who they are. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      if (error.code === 'UNAUTHENTICATED') useAccess.getState().ask();
      if (error.code === 'NOT_FOUND') void queryClient.invalidateQueries({ queryKey: me.queryKey }); // The project may be gone: then one is in another.
    },
  }),
  defaultOptions: { queries: { retry: false } },
});

/** Who one is here, and may do. */
export const me = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => (await getJson('/auth/me', {}, signal)).data,
  staleTime: 60_000,
});

/** Whether one may do something, as far as is known: what is not known yet is not offered. */
export function useMay(permission: string): boolean {
  return useQuery(me).data?.may.includes(permission) ?? false;
}

/** Everything is asked anew by whoever one has become. */
export function becomes(next: Me) {
  queryClient.removeQueries({ type: 'inactive' }); // Nothing of what another was told stays.
  queryClient.setQueryData(me.queryKey, next);
  useAccess.getState().granted();
  void queryClient.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== me.queryKey[0] });
}
