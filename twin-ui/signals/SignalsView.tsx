/** Why the signals did what they did: every decision, what it was based on, and what became of it. */
import { useState } from 'react';
import type { DecisionRecord, RunDetail } from '../../api/types.ts';
import { useApp, usePage } from '../frame/context.ts';
import { usePosition } from '../playback/player.ts';
import { type Cell, toCsv } from '../words/csv.ts';
import { clockAt } from '../words/time.ts';
import { saveCsv } from '../world/save-picture.ts';
import { answerWords, DecisionCells, DecisionHeads } from './DecisionCells.tsx';
import { StreetDecisions } from './StreetDecisions.tsx';

const ROWS_AT_ONCE = 150;

export function SignalsView({ run }: { run: RunDetail }) {
  const { player } = usePage().session;
  const { second } = usePosition(player);
  const decisions = useApp((state) => state.decisions);
  const [variant, setVariant] = useState('');
  const [upToNow, setUpToNow] = useState(false);
  const [rows, setRows] = useState(ROWS_AT_ONCE);
  const chosen = decisions.filter(
    (decision) => (variant === '' || decision.variant === variant) && (!upToNow || decision.second <= second),
  );
  const newestFirst = chosen.toReversed();
  const current = chosen.findLast((decision) => decision.second <= second);
  const junctionNames = new Map(run.drawing.junctions.map((junction) => [junction.id, junction.name]));
  return (
    <div className="signals">
      <p className="view-says">
        Each row is one decision of a controller: what it sent, why, the detector counts it saw, and the lamp
        controller's answer. A stage request is repeated every second; it has a row where it changes. A time leads to
        that moment in the animation.
      </p>
      <section className="card" aria-label="Decisions">
        <header className="card-head">
          <h2>Decisions</h2>
          <span className="card-says">
            <select aria-label="World" value={variant} onChange={(event) => setVariant(event.target.value)}>
              <option value="">every world</option>
              {run.variants.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <label className="check">
              <input type="checkbox" checked={upToNow} onChange={(event) => setUpToNow(event.target.checked)} />
              only up to the playhead
            </label>
          </span>
          <span className="card-tools">
            <button
              type="button"
              className="small"
              onClick={() => saveCsv(decisionsCsv(run, chosen), `${run.scenario}-seed${run.seed}-decisions.csv`)}
            >
              CSV
            </button>
          </span>
        </header>
        <div className="table-scroll">
          <table data-testid="decisions">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">World</th>
                {run.drawing.junctions.length > 1 && <th scope="col">Junction</th>}
                <DecisionHeads />
              </tr>
            </thead>
            <tbody>
              {newestFirst.slice(0, rows).map((decision) => (
                <tr
                  key={`${decision.variant} ${decision.junctionId} ${decision.seq} ${decision.second}`}
                  aria-current={decision === current || undefined}
                >
                  <td>
                    <button type="button" className="link" onClick={() => player.seek(decision.second)}>
                      {clockAt(run.startsAt, run.timeZone, decision.second)}
                    </button>
                  </td>
                  <td className="together">
                    {decision.variant}
                    <span className="detail">{decision.strategy}</span>
                  </td>
                  {run.drawing.junctions.length > 1 && <td>{junctionNames.get(decision.junctionId)}</td>}
                  <DecisionCells decision={decision} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {newestFirst.length === 0 && (
          <p className="quiet">
            No decision {upToNow ? 'up to this moment' : 'yet'}: the lamp controllers run their own local plans.
          </p>
        )}
        {newestFirst.length > rows && (
          <p>
            <button type="button" onClick={() => setRows(rows + ROWS_AT_ONCE)}>
              Show {Math.min(ROWS_AT_ONCE, newestFirst.length - rows)} earlier
            </button>
          </p>
        )}
      </section>
      <StreetDecisions />
    </div>
  );
}

function decisionsCsv(run: RunDetail, decisions: readonly DecisionRecord[]): string {
  const rows = decisions.map((decision): Cell[] => [
    decision.second,
    clockAt(run.startsAt, run.timeZone, decision.second),
    decision.variant,
    decision.strategy,
    decision.kind,
    decision.stages
      .map((stage) => `${stage.id} ${stage.greenSeconds}+${stage.yellowSeconds}+${stage.allRedSeconds}`)
      .join('; '),
    decision.reason,
    JSON.stringify(decision.inputs),
    answerWords(decision).text,
  ]);
  return toCsv(
    [
      'second',
      'local_time',
      'variant',
      'strategy',
      'kind',
      'stages_green_yellow_all_red_seconds',
      'reason',
      'inputs',
      'answer',
    ],
    rows,
  );
}
