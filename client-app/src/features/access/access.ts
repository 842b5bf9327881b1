import { QueryCache, QueryClient } from '@tanstack/react-query';
import { create } from 'zustand';
import { ApiError } from '../../shared/api';

interface Access {
  /** The server wants its token before it says anything. */
  isAsked: boolean;
  ask: () => void;
  granted: () => void;
}

export const useAccess = create<Access>((set) => ({
  isAsked: false,
  ask: () => { set({ isAsked: true }); },
  granted: () => { set({ isAsked: false }); },
}));

/** Whoever asks the server and is refused has the page ask for the token. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof ApiError && error.code === 'UNAUTHENTICATED') useAccess.getState().ask();
    },
  }),
  defaultOptions: { queries: { retry: false } },
});
