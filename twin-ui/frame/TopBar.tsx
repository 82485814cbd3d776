/** The bar that stays: what this is, when, how fast, which run, and how fresh. */
import { useEffect, useState } from 'react';
import type { RunSummary } from '../../api/types.ts';
import { usePosition } from '../playback/player.ts';
import { whole } from '../words/numbers.ts';
import { age, clockAt } from '../words/time.ts';
import { Alerts } from './Alerts.tsx';
import { useApp, usePage } from './context.ts';

export function TopBar({ showHelp }: { showHelp: () => void }) {
  const { session, theme, toggleTheme } = usePage();
  const run = useApp((state) => state.run);
  return (
    <header className="topbar">
      <span className="brand">FlexTraff Twin</span>
      <span className="tag simulated" title="Nothing on this page acts on a street.">
        <span aria-hidden="true">◆</span> SIMULATED
      </span>
      {run && <Clock run={run} />}
      {run && (
        <>
          <span className="pill" title={run.scenarioTitle}>
            {run.scenario}
          </span>
          <span className="pill">seed {run.seed}</span>
          <RunStatus run={run} />
        </>
      )}
      <span className="spacer" />
      <Freshness running={run?.status === 'running'} />
      <Alerts />
      {run && <CopyLink link={() => session.linkHere()} />}
      <button
        type="button"
        className="icon"
        onClick={toggleTheme}
        aria-label={`Switch to ${theme === 'dark' ? 'light' : 'dark'} colours (t)`}
        title="Dark or light (t)"
      >
        {theme === 'dark' ? '☀' : '☾'}
      </button>
      <button
        type="button"
        className="icon"
        onClick={showHelp}
        aria-label="Help and keys (?)"
        title="Help and keys (?)"
      >
        ?
      </button>
    </header>
  );
}

function Clock({ run }: { run: RunSummary }) {
  const { player } = usePage().session;
  const { second, speed, following, playing } = usePosition(player);
  return (
    <>
      <span className="clock" data-testid="clock" data-second={second} title={`Simulated time, ${run.timeZone}`}>
        {clockAt(run.startsAt, run.timeZone, second)}
      </span>
      <span className="pill">{playing ? (following ? 'live edge' : `${speed}× speed`) : 'paused'}</span>
    </>
  );
}

const STATUS_SIGNS: Record<RunSummary['status'], string> = {
  running: '▶',
  finished: '✓',
  stopped: '■',
  interrupted: '⚡',
  failed: '✕',
};

export function statusText(run: RunSummary): string {
  if (run.status !== 'running') return run.status;
  return `running · ${whole(run.simulatedSeconds)} of ${whole(run.durationSeconds)} s`;
}

export function StatusPill({ run }: { run: RunSummary }) {
  return (
    <span className="pill status" data-status={run.status} title={run.statusDetail ?? undefined}>
      <span aria-hidden="true">{STATUS_SIGNS[run.status]}</span> {statusText(run)}
    </span>
  );
}

function RunStatus({ run }: { run: RunSummary }) {
  return (
    <span data-testid="run-status" data-status={run.status} data-run={run.id}>
      <StatusPill run={run} />
    </span>
  );
}

/** How old the last word of the server is. A finished run is a recording and does not age. */
function Freshness({ running }: { running: boolean }) {
  const connection = useApp((state) => state.connection);
  const heardAtMs = useApp((state) => state.heardAtMs);
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const old = heardAtMs === null ? null : Math.max(0, nowMs - heardAtMs);
  if (connection === 'connecting') return <span className="pill fresh">connecting…</span>;
  if (connection === 'lost') {
    return (
      <span className="pill fresh stale" data-connection="lost">
        <span aria-hidden="true">⚠</span> no connection{old === null ? '' : `, data ${age(old)} old`}
      </span>
    );
  }
  const text = running && old !== null ? `data ${age(old)} old` : 'connected';
  return (
    <span
      className={running && old !== null && old > 5000 ? 'pill fresh stale' : 'pill fresh'}
      data-connection="connected"
    >
      {text}
    </span>
  );
}

function CopyLink({ link }: { link: () => string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'shown'>('idle');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link());
      setState('copied');
    } catch {
      // Without clipboard access (plain HTTP), the link goes where it can be copied by hand.
      history.replaceState(null, '', link());
      setState('shown');
    }
    setTimeout(() => setState('idle'), 2500);
  };
  const words = { idle: 'Link', copied: 'Copied', shown: 'In the address bar' }[state];
  return (
    <button
      type="button"
      className="small"
      onClick={() => void copy()}
      title="A link that reopens this run at this moment"
    >
      {words}
    </button>
  );
}
