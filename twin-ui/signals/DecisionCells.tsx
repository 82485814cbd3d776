/** What tables of decisions have in common: what was decided, why, on what inputs, and what became of it. */
import type { DecisionRecord } from '../../api/types.ts';
import { planWords } from '../stages/PlanBar.tsx';
import { count } from '../words/numbers.ts';

export function DecisionHeads() {
  return (
    <>
      <th scope="col">Decision</th>
      <th scope="col">Why</th>
      <th scope="col">Inputs</th>
      <th scope="col">Answer</th>
    </>
  );
}

type Decided = Answered & Parameters<typeof planWords>[0] & Pick<DecisionRecord, 'reason' | 'inputs'>;

/** `answer` in place of what the device or the interlock said. */
export function DecisionCells({ decision, answer }: { decision: Decided; answer?: string }) {
  return (
    <>
      <td className="decision">{planWords(decision)}</td>
      <td>{decision.reason}</td>
      <td>
        <Inputs inputs={decision.inputs} />
      </td>
      <td className="answer-cell">{answer ?? <Answer decision={decision} />}</td>
    </>
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function inputText(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000);
  if (Array.isArray(value)) return value.map(inputText).join(', ');
  if (isRecord(value)) {
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${inputText(inner)}`)
      .join(', ');
  }
  return value === null || value === undefined ? '–' : String(value);
}

function Inputs({ inputs }: { inputs: Record<string, unknown> }) {
  const entries = Object.entries(inputs);
  if (entries.length === 0) return '–';
  return (
    <dl className="inputs">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{Array.isArray(value) && value.some(isRecord) ? <Records records={value} /> : inputText(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A list of records as a small table, opened on demand. */
function Records({ records }: { records: readonly unknown[] }) {
  const rows = records.filter(isRecord);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) =>
    rows.some((row) => row[column] !== null && row[column] !== undefined),
  );
  return (
    <details>
      <summary>{count(rows.length, 'row')}</summary>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={JSON.stringify(row)}>
              {columns.map((column) => (
                <td key={column}>{inputText(row[column])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

type Answered = Pick<DecisionRecord, 'acknowledged' | 'vetoed'>;

export function answerWords(decision: Answered): { sign: string; level: string; text: string } {
  if (decision.vetoed !== null)
    return { sign: '✕', level: 'error', text: `vetoed by the interlock: ${decision.vetoed}` };
  if (decision.acknowledged === null) return { sign: '…', level: 'open', text: 'not answered yet' };
  if (decision.acknowledged.result === 'refused')
    return { sign: '✕', level: 'error', text: `refused: ${decision.acknowledged.reason}` };
  return { sign: '✓', level: 'good', text: 'applied' };
}

function Answer({ decision }: { decision: Answered }) {
  const { sign, level, text } = answerWords(decision);
  return (
    <span className="answer" data-level={level}>
      <span aria-hidden="true">{sign}</span> {text}
    </span>
  );
}
