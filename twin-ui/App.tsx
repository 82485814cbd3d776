import { useCallback, useEffect, useMemo, useState } from 'react';
import { CompareView } from './compare/CompareView.tsx';
import type { Session } from './data/session.ts';
import { PageContext, useApp, usePage, type Page } from './frame/context.ts';
import { HelpDialog } from './frame/HelpDialog.tsx';
import { useKeyboard } from './frame/keyboard.ts';
import { PlayerBar } from './frame/PlayerBar.tsx';
import { useTheme, useTrueColours } from './frame/settings.ts';
import { Tabs } from './frame/Tabs.tsx';
import { TopBar } from './frame/TopBar.tsx';
import { RunsView } from './runs/RunsView.tsx';
import { SignalsView } from './signals/SignalsView.tsx';
import { title } from './words/looks.ts';
import { Camera } from './world/camera.ts';

export function App({ session }: { session: Session }) {
  const [theme, toggleTheme] = useTheme();
  const [trueColours, setTrueColours] = useTrueColours();
  const [camera] = useState(() => new Camera());
  const page = useMemo<Page>(
    () => ({ session, camera, theme, toggleTheme, trueColours, setTrueColours }),
    [session, camera, theme, toggleTheme, trueColours, setTrueColours],
  );
  useEffect(() => {
    const endSession = session.start();
    const endAnimation = session.player.run();
    return () => {
      endAnimation();
      endSession();
    };
  }, [session]);
  return (
    <PageContext value={page}>
      <Frame />
    </PageContext>
  );
}

function Frame() {
  const page = usePage();
  const run = useApp((state) => state.run);
  const view = useApp((state) => state.view);
  const lost = useApp((state) => state.connection === 'lost');
  const [help, setHelp] = useState(false);
  const showHelp = useCallback(() => setHelp(true), []);
  const closeHelp = useCallback(() => setHelp(false), []);
  useKeyboard(page, showHelp);
  const playable = run !== null && view !== 'runs';
  return (
    <div className="frame" data-stale={lost && run?.status === 'running'}>
      <a className="skip" href="#view">
        Skip to the view
      </a>
      <TopBar showHelp={showHelp} />
      <Tabs />
      <Banners />
      <main>
        <div id="view" role="tabpanel" aria-labelledby={`tab-${view}`} tabIndex={-1}>
          {view === 'runs' && <RunsView />}
          {view !== 'runs' && run === null && <NothingYet />}
          {view === 'compare' && run && <CompareView key={run.id} run={run} />}
          {view === 'signals' && run && <SignalsView key={run.id} run={run} />}
        </div>
      </main>
      {playable && <PlayerBar run={run} />}
      <HelpDialog open={help} close={closeHelp} />
    </div>
  );
}

function Banners() {
  const { store } = usePage().session;
  const connection = useApp((state) => state.connection);
  const notice = useApp((state) => state.notice);
  const run = useApp((state) => state.run);
  const broken = run && (run.status === 'interrupted' || run.status === 'failed');
  return (
    <div className="banners" aria-live="assertive">
      {connection === 'lost' && (
        <p className="banner" data-level="warning">
          <span aria-hidden="true">⚠</span> Connection lost, showing what is here. Trying again by itself; moments not
          yet fetched come when it is back.
        </p>
      )}
      {broken && (
        <p className="banner" data-level="warning">
          <span aria-hidden="true">⚡</span>{' '}
          {run.statusDetail
            ? `${title(run.statusDetail)}.`
            : `This run ${run.status === 'failed' ? 'failed' : 'was interrupted'}.`}{' '}
          What was recorded until then is shown.
        </p>
      )}
      {notice && (
        <p className="banner" data-level={notice.level}>
          <span aria-hidden="true">{notice.level === 'error' ? '✕' : 'ℹ'}</span> {notice.text}{' '}
          <button type="button" className="small" onClick={() => store.set({ notice: null })}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}

function NothingYet() {
  const runs = useApp((state) => state.runs);
  const opening = useApp((state) => state.opening);
  const waiting = runs === null || opening !== null;
  return (
    <section className="nothing" data-testid="verdict">
      {waiting ? (
        <p>Opening the newest run…</p>
      ) : (
        <>
          <h2>No run yet</h2>
          <p>
            Choose a scenario and a seed at the top right and press <strong>Start run</strong>. The same vehicles then
            go through every world of the scenario, and the animation starts by itself.
          </p>
        </>
      )}
    </section>
  );
}
