/** The views there are, and beside them what starts and stops a run. */
import type { KeyboardEvent } from 'react';
import type { ViewName } from '../data/state.ts';
import { useApp, usePage } from './context.ts';
import { StartRun } from './StartRun.tsx';

const VIEWS: readonly { readonly name: ViewName; readonly title: string }[] = [
  { name: 'compare', title: 'Compare' },
  { name: 'signals', title: 'Signals' },
  { name: 'runs', title: 'Runs' },
];

export function Tabs() {
  const { session } = usePage();
  const view = useApp((state) => state.view);
  const turn = (event: KeyboardEvent<HTMLElement>): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const at = VIEWS.findIndex((known) => known.name === view);
    const next = VIEWS[(at + by + VIEWS.length) % VIEWS.length]!;
    session.setView(next.name);
    document.getElementById(`tab-${next.name}`)?.focus();
  };
  return (
    <div className="nav">
      <div className="tabs" role="tablist" aria-label="Views" onKeyDown={turn}>
        {VIEWS.map(({ name, title }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            data-testid={`tab-${name}`}
            aria-selected={view === name}
            aria-controls="view"
            tabIndex={view === name ? 0 : -1}
            onClick={() => session.setView(name)}
          >
            {title}
          </button>
        ))}
      </div>
      <StartRun />
    </div>
  );
}
