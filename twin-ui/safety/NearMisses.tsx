/** The near misses in a list: each can be replayed in every world, and all be saved. */
import { useState } from 'react';
import type { RunDetail } from '../../api/types.ts';
import { useApp, usePage } from '../frame/context.ts';
import { toCsv } from '../words/csv.ts';
import { count, fixed } from '../words/numbers.ts';
import { clockAt } from '../words/time.ts';
import { saveBlob, saveCsv } from '../world/save-picture.ts';
import {
  conflictGeoJson,
  conflictTable,
  keyOf,
  type NearMiss,
  sentence,
  signalWords,
  usersWords,
} from './conflicts.ts';

/** Rows before all are asked for. */
const FIRST_ROWS = 50;

export function NearMisses({ run }: { run: RunDetail }) {
  const { session } = usePage();
  const { store } = session;
  const conflicts = useApp((state) => state.conflicts);
  const shown = useApp((state) => state.shownNearMisses);
  const chosen = useApp((state) => state.nearMiss);
  const [world, setWorld] = useState('');
  const [all, setAll] = useState(false);
  const listed = conflicts.filter(
    (one) => (shown === 'all' || one.severity === 'serious') && (world === '' || one.variant === world),
  );
  const rows = all ? listed : listed.slice(0, FIRST_ROWS);
  const notListed = run.variants.reduce(
    (sum, { name }) => sum + (run.result?.variants[name]?.safety?.conflictsNotListed ?? 0),
    0,
  );
  const fileName = `${run.scenario}-seed${run.seed}-near-misses`;
  const csv = (): void => {
    const { header, rows: cells } = conflictTable(conflicts);
    saveCsv(toCsv(header, cells), `${fileName}.csv`);
  };
  const geoJson = (): void =>
    saveBlob(
      new Blob([JSON.stringify(conflictGeoJson(conflicts))], { type: 'application/geo+json' }),
      `${fileName}.geojson`,
    );
  return (
    <div className="near-misses" data-testid="near-misses">
      <div className="near-miss-tools">
        <label>
          Show{' '}
          <select
            data-testid="near-miss-filter"
            value={shown}
            onChange={(event) => store.set({ shownNearMisses: event.target.value === 'all' ? 'all' : 'serious' })}
          >
            <option value="serious">serious near misses</option>
            <option value="all">all near misses</option>
          </select>
        </label>
        <label>
          of{' '}
          <select value={world} onChange={(event) => setWorld(event.target.value)}>
            <option value="">every world</option>
            {run.variants.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <span className="card-says" role="status">
          {listed.length === 0
            ? `None ${run.status === 'running' ? 'yet' : 'was found'}.`
            : `${count(listed.length, 'near miss', 'near misses')}. Replay starts five seconds before, in every world.`}
          {notListed > 0 && ` ${notListed} more are counted and not listed.`}
        </span>
        <span className="card-tools">
          <button type="button" className="small" onClick={csv} disabled={conflicts.length === 0}>
            CSV
          </button>
          <button type="button" className="small" onClick={geoJson} disabled={conflicts.length === 0}>
            GeoJSON
          </button>
        </span>
      </div>
      {rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section className="table-scroll near-miss-list" tabIndex={0} aria-label="List of near misses">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">World</th>
                <th scope="col">Kind</th>
                <th scope="col">Who</th>
                <th scope="col" className="number">
                  TTC
                </th>
                <th scope="col" className="number">
                  PET
                </th>
                <th scope="col">Severity</th>
                <th scope="col">Signals, first and second</th>
                <th scope="col" aria-label="Replay" />
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <Row key={keyOf(one)} one={one} run={run} chosen={keyOf(one) === chosen} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {rows.length < listed.length && (
        <button type="button" className="small" onClick={() => setAll(true)}>
          Show all {listed.length}
        </button>
      )}
    </div>
  );
}

function Row({ one, run, chosen }: { one: NearMiss; run: RunDetail; chosen: boolean }) {
  const { session } = usePage();
  const clock = clockAt(run.startsAt, run.timeZone, one.criticalSecond);
  const seconds = (value: number | null): string => (value === null ? '–' : `${fixed(value, 2)} s`);
  const index = run.variants.findIndex(({ name }) => name === one.variant);
  return (
    <tr aria-current={chosen ? 'true' : undefined} data-testid="near-miss">
      <td>{clock}</td>
      <td data-variant-index={index}>
        <span className="variant-mark" aria-hidden="true" /> {one.variant}
      </td>
      <td>{one.type}</td>
      <td>{usersWords(one)}</td>
      <td className="number">{seconds(one.minTtcSeconds)}</td>
      <td className="number">{seconds(one.petSeconds)}</td>
      <td>
        {one.severity === 'serious' ? '◆ serious' : '◇ candidate'}
        {one.outlinesTouched && !one.hardBraking ? ', positions poor' : ''}
      </td>
      <td>{one.signalStates.map(signalWords).join(' / ')}</td>
      <td>
        <button
          type="button"
          className="small"
          data-testid="replay"
          data-second={one.criticalSecond}
          aria-label={`Replay ${clock}, ${one.variant}: ${sentence(one)}`}
          onClick={() => {
            session.replay(one);
            // the list is far below the worlds in which it is seen
            document.querySelector('.worlds')?.scrollIntoView({ block: 'nearest' });
          }}
        >
          Replay
        </button>
      </td>
    </tr>
  );
}
