import { create } from 'zustand';

/** The project that everything is asked of, as the address names it; null for the first that is one's own. */
export const useNamedProject = create<{ named: string | null }>(() => ({ named: null }));

/** The one that stays: what names none, and may choose any, means it. */
export const FIRST_PROJECT = 1;

export const PROJECT_PARAMETER = 'project';

/** For what the browser fetches by itself, which sends no header: names the project in the address. */
export const namedProject = () => ({ [PROJECT_PARAMETER]: useNamedProject.getState().named });
