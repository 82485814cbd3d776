/** What the viewer chose, kept in this browser. */
import { useCallback, useEffect, useState } from 'react';

export type Theme = 'dark' | 'light';

const THEME_KEY = 'flextraff.theme';
const COLOURS_KEY = 'flextraff.true-lamp-colours';

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing still shows the page; the choice lasts until it is closed.
  }
}

const prefersLight = (): MediaQueryList => matchMedia('(prefers-color-scheme: light)');

function chosenTheme(): Theme | null {
  const kept = read(THEME_KEY);
  return kept === 'dark' || kept === 'light' ? kept : null;
}

/** The system's theme until the viewer chooses one. */
export function useTheme(): [Theme, () => void] {
  const [chosen, setChosen] = useState(chosenTheme);
  const [system, setSystem] = useState<Theme>(() => (prefersLight().matches ? 'light' : 'dark'));
  useEffect(() => {
    const query = prefersLight();
    const changed = (): void => setSystem(query.matches ? 'light' : 'dark');
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  const theme = chosen ?? system;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const toggle = useCallback(() => {
    const next = theme === 'dark' ? 'light' : 'dark';
    write(THEME_KEY, next);
    setChosen(next);
  }, [theme]);
  return [theme, toggle];
}

export function useTrueColours(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => read(COLOURS_KEY) === 'yes');
  const set = useCallback((next: boolean) => {
    write(COLOURS_KEY, next ? 'yes' : 'no');
    setOn(next);
  }, []);
  return [on, set];
}
