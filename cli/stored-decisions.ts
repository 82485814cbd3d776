/** What the database keeps of the lines of a decision log. */
import type { DecisionRecord } from '../controller/service/index.ts';
import type { StreetDecisionRecord } from '../runs/records.ts';

type Decided = { readonly event: 'decided' } & Omit<DecisionRecord, 'acknowledged'>;
type Acknowledged = { readonly event: 'acknowledged' } & Pick<DecisionRecord, 'junctionId' | 'seq' | 'acknowledged'>;

/** Decisions that still may be acknowledged, per junction. */
const OPEN_MAX = 64;

/**
 * A stage request is repeated each second to stay in force: kept is the one that changes what is asked for, and what the
 * interlock or the device refuses. Plans are kept, all of them.
 */
export class StoredDecisions {
  readonly #controller: string;
  readonly #shadow: boolean;
  readonly #asked = new Map<string, string | null>();
  readonly #open = new Map<string, Map<number, { row: StreetDecisionRecord; isKept: boolean }>>();

  constructor(controller: string, shadow: boolean) {
    this.#controller = controller;
    this.#shadow = shadow;
  }

  /** Rows to be written, of whole lines. */
  rowsOf(lines: string): StreetDecisionRecord[] {
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => this.#rowOf(JSON.parse(line) as Decided | Acknowledged) ?? []);
  }

  #rowOf(line: Decided | Acknowledged): StreetDecisionRecord | null {
    return line.event === 'decided' ? this.#decided(line) : this.#acknowledged(line);
  }

  #decided({ junctionId, atMs, seq, planId, strategy, kind, stages, reason, inputs, vetoed }: Decided) {
    const row: StreetDecisionRecord = {
      junctionId,
      atMs,
      seq,
      controller: this.#controller,
      shadow: this.#shadow,
      strategy,
      kind,
      planId,
      stages: stages.map(({ stageId, greenSeconds, yellowSeconds, allRedSeconds }) => ({
        id: stageId,
        greenSeconds,
        yellowSeconds,
        allRedSeconds,
      })),
      reason,
      inputs,
      acknowledged: null,
      vetoed,
    };
    const stage = kind === 'stage' ? `${strategy} ${stages[0]?.stageId}` : null;
    const isKept = stage === null || vetoed !== null || stage !== this.#asked.get(junctionId);
    if (vetoed === null) {
      this.#asked.set(junctionId, stage);
      this.#openOf(junctionId).set(seq, { row, isKept });
    }
    return isKept ? row : null;
  }

  #acknowledged({ junctionId, seq, acknowledged }: Acknowledged): StreetDecisionRecord | null {
    const open = this.#openOf(junctionId);
    const found = open.get(seq);
    if (found === undefined) return null;
    open.delete(seq);
    return found.isKept || acknowledged?.result === 'refused' ? { ...found.row, acknowledged } : null;
  }

  #openOf(junctionId: string): Map<number, { row: StreetDecisionRecord; isKept: boolean }> {
    let open = this.#open.get(junctionId);
    if (open === undefined) {
      open = new Map();
      this.#open.set(junctionId, open);
    }
    if (open.size > OPEN_MAX) open.delete(open.keys().next().value!);
    return open;
  }
}
