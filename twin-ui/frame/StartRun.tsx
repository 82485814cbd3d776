/** Scenario and seed chooser that starts a run; stops the one on show. */
import { type FormEvent, useState } from 'react';
import type { ScenarioSummary } from '../../api/types.ts';
import { count } from '../words/numbers.ts';
import { duration } from '../words/time.ts';
import { useApp, usePage } from './context.ts';

const SEED_MOST = 2 ** 31 - 1;

export function scenarioWords(scenario: ScenarioSummary): string {
  return `${count(scenario.vehiclesDemanded, 'vehicle')} in ${duration(scenario.durationSeconds)}, ${scenario.variants.map((variant) => `${variant.name} (${variant.strategy})`).join(' against ')}.`;
}

export function StartRun() {
  const { session } = usePage();
  const scenarios = useApp((state) => state.scenarios) ?? [];
  const run = useApp((state) => state.run);
  const connected = useApp((state) => state.connection === 'connected');
  const [chosen, setChosen] = useState<string | null>(null);
  const [seed, setSeed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const name = chosen ?? scenarios.find((known) => known.name === run?.scenario)?.name ?? scenarios[0]?.name ?? '';
  const scenario = scenarios.find((known) => known.name === name);
  const seedText = seed ?? String(run?.scenario === name ? run.seed : (scenario?.seeds[0] ?? 1));
  const seedOk = /^\d+$/.test(seedText) && Number(seedText) <= SEED_MOST;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!scenario || !seedOk) return;
    setBusy(true);
    await session.startRun(scenario.name, Number(seedText));
    setBusy(false);
  };
  const stop = async (): Promise<void> => {
    if (!run) return;
    setBusy(true);
    await session.stopRun(run.id);
    setBusy(false);
  };

  return (
    <form className="start" onSubmit={(event) => void submit(event)} aria-label="Start a run">
      <label>
        Scenario{' '}
        <select
          data-testid="scenario-select"
          value={name}
          title={scenario && `${scenario.title}: ${scenarioWords(scenario)}`}
          onChange={(event) => {
            setChosen(event.target.value);
            setSeed(null);
          }}
        >
          {scenarios.map((known) => (
            <option key={known.name} value={known.name}>
              {known.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Seed{' '}
        <input
          data-testid="seed-input"
          type="number"
          min={0}
          max={SEED_MOST}
          step={1}
          required
          list="scenario-seeds"
          value={seedText}
          aria-invalid={!seedOk}
          onChange={(event) => setSeed(event.target.value)}
        />
      </label>
      <datalist id="scenario-seeds">
        {scenario?.seeds.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
      <button
        type="submit"
        className="primary"
        data-testid="start-run"
        disabled={!scenario || !seedOk || busy || !connected}
      >
        Start run
      </button>
      {run?.status === 'running' && (
        <button type="button" data-testid="stop-run" disabled={busy || !connected} onClick={() => void stop()}>
          Stop
        </button>
      )}
    </form>
  );
}
