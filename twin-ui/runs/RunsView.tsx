/** Every run that was kept, and the scenarios that can be run. */
import type { RunSummary, ScenarioSummary } from '../../api/types.ts';
import { useApp, usePage } from '../frame/context.ts';
import { scenarioWords } from '../frame/StartRun.tsx';
import { StatusPill } from '../frame/TopBar.tsx';
import { writePlace } from '../data/link.ts';
import { duration, wallTime } from '../words/time.ts';

export function RunsView() {
  const runs = useApp((state) => state.runs);
  const scenarios = useApp((state) => state.scenarios);
  return (
    <div className="runs">
      <p className="view-says">
        Every run is kept with its numbers. Opening one shows it from its start; runs that were cut off say by what and
        show what was recorded until then.
      </p>
      <section className="card" aria-label="Runs">
        <header className="card-head">
          <h2>Runs</h2>
          <span className="card-says">newest first</span>
        </header>
        <div className="table-scroll">
          <table data-testid="run-list">
            <thead>
              <tr>
                <th scope="col">Started</th>
                <th scope="col">Scenario</th>
                <th scope="col" className="number">
                  Seed
                </th>
                <th scope="col">Worlds</th>
                <th scope="col">Status</th>
                <th scope="col" className="number">
                  Simulated
                </th>
                <th scope="col">
                  <span className="sr-only">Open</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {runs?.map((run) => (
                <RunRow key={run.id} run={run} />
              ))}
            </tbody>
          </table>
        </div>
        {runs?.length === 0 && (
          <p className="quiet">No run yet. Choose a scenario and a seed above and press Start run.</p>
        )}
        {runs === null && <p className="quiet">Asking the server…</p>}
      </section>
      <section aria-label="Scenarios">
        <h2>Scenarios</h2>
        <div className="scenarios">
          {scenarios?.map((scenario) => (
            <ScenarioCard key={scenario.name} scenario={scenario} />
          ))}
        </div>
      </section>
    </div>
  );
}

function RunRow({ run }: { run: RunSummary }) {
  const { session } = usePage();
  const shown = useApp((state) => state.run?.id === run.id);
  const open = async (): Promise<void> => {
    if (!shown) await session.open(run.id);
    session.setView('compare');
  };
  return (
    <tr data-run={run.id} data-status={run.status} aria-current={shown || undefined}>
      <td className="together">{wallTime(run.startedAt)}</td>
      <td className="together" title={run.scenarioTitle}>
        {run.scenario}
      </td>
      <td className="number">{run.seed}</td>
      <td>{run.variants.map((variant) => `${variant.name} (${variant.strategy})`).join(', ')}</td>
      <td>
        <StatusPill run={run} />
        {run.statusDetail && <span className="detail">{run.statusDetail}</span>}
        {!run.replayable && run.status !== 'running' && <span className="detail">numbers only, frames are gone</span>}
      </td>
      <td className="number together">
        {duration(run.simulatedSeconds)} of {duration(run.durationSeconds)}
      </td>
      <td className="together">
        <a
          className="button small"
          href={writePlace({ run: run.id, second: null, view: 'compare' })}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            void open();
          }}
        >
          {shown ? 'On show' : 'Open'}
        </a>
      </td>
    </tr>
  );
}

function ScenarioCard({ scenario }: { scenario: ScenarioSummary }) {
  const { session } = usePage();
  const connected = useApp((state) => state.connection === 'connected');
  return (
    <article className="card scenario">
      <h3>{scenario.title}</h3>
      <p className="quiet">
        <code>{scenario.name}</code>
      </p>
      <p>{scenario.description}</p>
      <p className="quiet">{scenarioWords(scenario)}</p>
      <div className="seeds">
        {scenario.seeds.slice(0, 8).map((seed) => (
          <button
            key={seed}
            type="button"
            className="small"
            disabled={!connected}
            onClick={() => void session.startRun(scenario.name, seed)}
          >
            Start with seed {seed}
          </button>
        ))}
      </div>
    </article>
  );
}
