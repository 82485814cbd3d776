/** A street for tests: the real lamp device, and detectors that count made-up vehicles. */
import {
  acknowledgementToMessage,
  isoOf,
  lampsToMessage,
  planFromMessage,
  requestFromMessage,
} from '../feeds/codec.ts';
import type { Link } from '../feeds/link.ts';
import type { Detections, Lamps } from '../feeds/messages.ts';
import { LampDevice } from '../junction/device.ts';
import type { JunctionConfiguration } from '../junction/types.ts';
import type { DetectorReading } from './types.ts';

export const START_MS = 1_704_067_200_000;
export const PREFIX = 'flextraff-sim/test/adaptive';

export class TestStreet {
  readonly device: LampDevice;
  readonly refusals: string[] = [];
  /** Cumulative counts by detector. */
  readonly counts = new Map<string, number>();
  second = 0;
  private readonly configuration: JunctionConfiguration;
  private readonly perHour: Readonly<Record<string, number>>;
  private seq = 0;

  /** `perHour`: vehicles by approach; all lanes of an approach get the same. */
  constructor(configuration: JunctionConfiguration, perHour: Readonly<Record<string, number>>) {
    this.configuration = configuration;
    this.perHour = perHour;
    this.device = new LampDevice(configuration, { deviceId: 'lamps', startMs: START_MS, boot: 'warm' });
  }

  get nowMs(): number {
    return START_MS + this.second * 1000;
  }

  /** Hears commands; answers with acknowledgements. */
  async connect(link: Link): Promise<void> {
    const { junctionId } = this.configuration;
    await link.subscribe(PREFIX, ['green-time', 'stage-request'], ({ address, message }) => {
      if (address.junctionId !== junctionId) return;
      const defaults = { configuration: this.configuration, lastSeq: this.device.snapshot().lastSeq };
      const answer =
        address.kind === 'green-time'
          ? this.device.receivePlan(planFromMessage(message as never, defaults), this.nowMs)
          : this.device.receiveRequest(requestFromMessage(message as never), this.nowMs);
      if (answer.result === 'refused') this.refusals.push(answer.reason);
      void link.publish({ prefix: PREFIX, kind: 'ack', junctionId }, acknowledgementToMessage(answer, 'lamps'));
    });
  }

  /** A second passes. Every vehicle that arrives is counted upstream; at the line one every 2 s of green. */
  step(): void {
    this.second++;
    this.device.advance(this.nowMs);
    const lamps = this.device.lamps();
    for (const { name } of this.configuration.approaches) {
      const own = (this.configuration.detectors ?? []).filter((one) => one.approach === name);
      const lanes = own.filter((one) => one.position === 'stopline' && one.lane !== null);
      const arrived = Math.floor((this.second * (this.perHour[name] ?? 0)) / 3600);
      this.counts.set(`${name}:upstream`, arrived);
      let total = 0;
      for (const { id, groups } of lanes) {
        const green = groups.every((group) => lamps[this.groupIndex(group)] === 'green');
        const count = this.counts.get(id) ?? 0;
        const waiting = Math.floor(arrived / lanes.length) - count;
        this.counts.set(id, green && waiting > 0 && this.second % 2 === 0 ? count + 1 : count);
        total += this.counts.get(id)!;
      }
      this.counts.set(`${name}:stopline`, total);
    }
  }

  private groupIndex(id: string): number {
    return this.configuration.signalGroups.findIndex((group) => group.id === id);
  }

  detections(without: readonly string[] = []): Detections {
    const detectors: Record<string, DetectorReading> = {};
    for (const { id, approach, lane, groups } of this.configuration.detectors ?? []) {
      if (without.includes(approach)) continue;
      const count = this.counts.get(id) ?? 0;
      const lanes = (this.configuration.detectors ?? []).filter(
        (one) => one.approach === approach && one.lane !== null,
      );
      const waiting =
        lane !== null && Math.floor((this.counts.get(`${approach}:upstream`) ?? 0) / lanes.length) > count;
      const green = groups.every((group) => this.device.lamps()[this.groupIndex(group)] === 'green');
      detectors[id] = { count, occupancy: waiting && !green ? 1 : 0, presence: waiting };
    }
    return { seq: this.second, timestamp: isoOf(this.nowMs), detectors };
  }

  lamps(): Lamps {
    const { stageId, source, secondsLeft, cycleSecondsLeft } = this.device.report();
    const shown = this.device.lamps();
    const lamps = Object.fromEntries(this.configuration.signalGroups.map((group, i) => [group.id, shown[i]!]));
    return lampsToMessage({
      deviceId: 'lamps',
      seq: ++this.seq,
      atMs: this.nowMs,
      stageId,
      lamps,
      source,
      secondsLeft,
      cycleSecondsLeft,
    });
  }

  /** Publishes this second's messages, and its clock. */
  send(link: Link, options: { readonly without?: readonly string[]; readonly clock?: boolean } = {}): void {
    const { junctionId } = this.configuration;
    void link.publish({ prefix: PREFIX, kind: 'lamps', junctionId }, this.lamps());
    void link.publish({ prefix: PREFIX, kind: 'detections', junctionId }, this.detections(options.without));
    if (options.clock !== false) this.sendClock(link);
  }

  sendClock(link: Link): void {
    const timestamp = isoOf(this.nowMs);
    void link.publish({ prefix: PREFIX, kind: 'clock' }, { frame: this.second, timestamp, messages: 2 });
  }
}
