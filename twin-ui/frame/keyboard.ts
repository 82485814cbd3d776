/** The page's keys. */
import { useEffect } from 'react';
import { firstView, zoomed } from '../world/camera.ts';
import type { Page } from './context.ts';

export const KEYS: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['Space'], does: 'Play or pause' },
  { keys: ['[', ']'], does: 'One second back, forward' },
  { keys: ['←', '→'], does: 'Ten seconds back, forward (with Shift: a minute)' },
  { keys: ['Home', 'End'], does: 'To the start, to the newest moment' },
  { keys: [',', '.'], does: 'Slower, faster' },
  { keys: ['n', 'p'], does: 'Replay the next near miss, the one before' },
  { keys: ['+', '−', '0'], does: 'Zoom in, zoom out, first view' },
  { keys: ['t'], does: 'Dark or light' },
  { keys: ['?'], does: 'This help' },
];

/** Whether the key belongs to what has the focus rather than to the page. */
function takesKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && target.type === 'range') {
    return key.startsWith('Arrow') || key === 'Home' || key === 'End';
  }
  if (target.matches('input, select, textarea, [contenteditable]')) return true;
  return key === ' ' && target.matches('button, a, summary, [role=tab]');
}

export function useKeyboard(page: Page, showHelp: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (takesKey(event.target, event.key)) return;
      if (act(page, event.key, event.shiftKey, showHelp)) event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [page, showHelp]);
}

function act(page: Page, key: string, shift: boolean, showHelp: () => void): boolean {
  const { player, store } = page.session;
  const zoom = (factor: number) => (): void => page.camera.set(zoomed(page.camera.get(), factor));
  const leap = shift ? 60 : 10;
  const actions = new Map<string, () => void>([
    [' ', player.toggle],
    ['[', () => player.step(-1)],
    [']', () => player.step(1)],
    ['ArrowLeft', () => player.seekBy(-leap)],
    ['ArrowRight', () => player.seekBy(leap)],
    ['Home', () => player.seek(0)],
    ['End', player.toEdge],
    ['n', () => page.session.replayNext(1)],
    ['p', () => page.session.replayNext(-1)],
    [',', () => player.changeSpeed(-1)],
    ['.', () => player.changeSpeed(1)],
    ['+', zoom(1.25)],
    ['=', zoom(1.25)],
    ['-', zoom(0.8)],
    ['0', () => resetView(page, store.get().run?.drawing)],
    ['t', page.toggleTheme],
    ['?', showHelp],
  ]);
  const action = actions.get(key);
  action?.();
  return action !== undefined;
}

function resetView(page: Page, drawing: Parameters<typeof firstView>[0] | undefined): void {
  if (drawing) page.camera.set(firstView(drawing));
}
