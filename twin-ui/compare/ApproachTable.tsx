/** Who gains and who pays, approach by approach. */
import type { RunDetail } from '../../api/types.ts';
import type { PackedFrame } from '../playback/interpolate.ts';
import { toCsv } from '../words/csv.ts';
import { fixed, signed, whole } from '../words/numbers.ts';
import { saveCsv } from '../world/save-picture.ts';
import { approachRows, approachTable, differences } from './approach-rows.ts';

interface Props {
  readonly run: RunDetail;
  readonly frames: readonly (PackedFrame | undefined)[];
}

export function ApproachTable({ run, frames }: Props) {
  const names = run.variants.map((variant) => variant.name);
  const final = run.result !== null && run.status !== 'running';
  const rows = approachRows(run.drawing, names, final ? run.result : null, frames);
  const save = (): void => {
    const table = approachTable(rows, names);
    saveCsv(toCsv(table.header, table.rows), `${run.scenario}-seed${run.seed}-approaches.csv`);
  };
  const seconds = (value: number | undefined): string => `${fixed(value, 1)}${value === undefined ? '' : ' s'}`;
  return (
    <section className="card" aria-label="Approaches">
      <header className="card-head">
        <h3>Approaches</h3>
        <span className="card-says">
          {final
            ? 'Delay, longest wait and longest queue over the whole run; queued now is the moment on show.'
            : 'Queued now is the moment on show. Delay and waits by approach come when the run has finished.'}
        </span>
        <span className="card-tools">
          <button type="button" className="small" onClick={save}>
            CSV
          </button>
        </span>
      </header>
      <div className="table-scroll">
        <table data-testid="approach-table">
          <thead>
            <tr>
              <th scope="col" rowSpan={2}>
                Approach
              </th>
              {final && (
                <>
                  <th scope="col" rowSpan={2} className="number">
                    Demand, veh/h
                  </th>
                  <th scope="colgroup" colSpan={names.length * 2 - 1} className="group first-of-group">
                    Mean delay
                  </th>
                  <th scope="colgroup" colSpan={names.length} className="group first-of-group">
                    Longest wait
                  </th>
                  <th scope="colgroup" colSpan={names.length} className="group first-of-group">
                    Longest queue
                  </th>
                </>
              )}
              <th scope="colgroup" colSpan={names.length} className="group first-of-group">
                Queued now
              </th>
            </tr>
            <tr>
              {final && (
                <>
                  <Names names={names} />
                  {names.slice(1).map((name) => (
                    <th key={name} scope="col" className="number">
                      {names.length > 2 ? `${name} difference` : 'difference'}
                    </th>
                  ))}
                  <Names names={names} />
                  <Names names={names} />
                </>
              )}
              <Names names={names} />
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                {final && (
                  <>
                    <td className="number">{whole(row.demandPerHour)}</td>
                    <Values names={names} values={row.delaySeconds} text={seconds} />
                    {differences(row.delaySeconds).map((value, index) => (
                      <td key={names[index + 1]} className="number difference" data-sign={Math.sign(value ?? 0)}>
                        {value === undefined ? '–' : `${value < 0 ? '▼' : value > 0 ? '▲' : ''} ${signed(value, 1)} s`}
                      </td>
                    ))}
                    <Values
                      names={names}
                      values={row.longestWaitSeconds}
                      text={(value) => `${whole(value)}${value === undefined ? '' : ' s'}`}
                    />
                    <Values names={names} values={row.queueMax} text={whole} />
                  </>
                )}
                <Values names={names} values={row.queuedNow} text={whole} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Names({ names }: { names: readonly string[] }) {
  return names.map((name, index) => (
    <th key={name} scope="col" className={index === 0 ? 'number first-of-group' : 'number'}>
      {name}
    </th>
  ));
}

function Values(props: {
  names: readonly string[];
  values: readonly (number | undefined)[];
  text: (value: number | undefined) => string;
}) {
  return props.names.map((name, index) => (
    <td key={name} className={index === 0 ? 'number first-of-group' : 'number'}>
      {props.text(props.values[index])}
    </td>
  ));
}
