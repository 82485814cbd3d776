/** What every view has at hand. */
import { createContext, use } from 'react';
import type { Session } from '../data/session.ts';
import { type AppState, useAppState } from '../data/state.ts';
import type { Camera } from '../world/camera.ts';

export interface Page {
  readonly session: Session;
  readonly camera: Camera;
  readonly theme: 'dark' | 'light';
  readonly toggleTheme: () => void;
  readonly trueColours: boolean;
  readonly setTrueColours: (on: boolean) => void;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = use(PageContext);
  if (!page) throw new Error('A view was drawn outside the page.');
  return page;
}

export function useApp<T>(part: (state: AppState) => T): T {
  return useAppState(usePage().session.store, part);
}
