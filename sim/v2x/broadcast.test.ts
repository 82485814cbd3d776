/** What goes on the air has the share, losses, errors and changing ids that the scenario says. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PersonMessage, VehicleMessage } from '../../feeds/v2x/messages.ts';
import { readOwnV2x } from '../../feeds/v2x/read.ts';
import { loadScenario } from '../../scenarios/load.ts';
import type { Scenario, V2xSettings } from '../../scenarios/types.ts';
import { openStreet } from '../street.ts';

const FILE = fileURLToPath(new URL('../../scenarios/turns-over-crossings.yaml', import.meta.url));
const EVERYBODY: V2xSettings = {
  share: 1,
  pedestrianShare: 1,
  dropoutShare: 0,
  positionNoiseMetres: 0,
  idRotationSeconds: null,
  rangeMetres: 300,
  singly: false,
};
const SECONDS = 240;
const METRES_PER_DEGREE = 111_219;

type Heard = VehicleMessage | PersonMessage;
let scenario: Scenario;

function hear(settings: Partial<V2xSettings>, seed = 3, strategy = 'fixed-time'): Heard[] {
  const street = openStreet(
    { kind: 'scenario', scenario: { ...scenario, v2x: { ...EVERYBODY, ...settings } } },
    {
      seed,
      variant: { name: 'baseline', strategy },
      prefix: 'flextraff-sim/test/baseline',
      wants: (kind) => kind === 'bsm' || kind === 'psm',
    },
  );
  while (street.tick * street.stepSeconds < SECONDS) street.step();
  return street.drain().flatMap(({ message }) => readOwnV2x(message) as Heard[]);
}

const when = (message: Heard) => message.measuredAtMs!;
const keyOf = (message: Heard) => `${message.id} ${when(message)}`;
const ids = (messages: readonly Heard[], kind: Heard['kind']) =>
  new Set(messages.filter((message) => message.kind === kind).map(({ id }) => id));
const placeOf = ({ latitudeDegrees, longitudeDegrees }: Heard) => `${latitudeDegrees} ${longitudeDegrees}`;
/** Four standard errors of a share seen in n draws. */
const scatter = (share: number, n: number) => 4 * Math.sqrt((share * (1 - share)) / n);

let all: Heard[];
beforeAll(async () => {
  scenario = await loadScenario(FILE);
  all = hear({});
}, 60_000);

describe('what road users broadcast', () => {
  it('comes from the share of vehicles, and of people, that is asked for; each is heard always or never', () => {
    const some = hear({ share: 0.3, pedestrianShare: 0.6 });
    for (const [kind, share] of [
      ['bsm', 0.3],
      ['psm', 0.6],
    ] as const) {
      const [everybody, heard] = [ids(all, kind), ids(some, kind)];
      expect(everybody.size).toBeGreaterThan(40);
      expect(Math.abs(heard.size / everybody.size - share)).toBeLessThan(scatter(share, everybody.size));
      expect([...heard].every((id) => everybody.has(id))).toBe(true);
    }
    const sent = new Set(some.map(keyOf));
    const senders = new Set(some.map(({ id }) => id));
    expect(all.filter((message) => senders.has(message.id)).every((message) => sent.has(keyOf(message)))).toBe(true);
  });

  it('is lost message by message, independently of each other', () => {
    const heard = new Set(hear({ dropoutShare: 0.2 }).map(keyOf));
    expect(Math.abs(1 - heard.size / all.length - 0.2)).toBeLessThan(scatter(0.2, all.length));
    let pairs = 0;
    let bothLost = 0;
    const last = new Map<string, number>();
    for (const message of all) {
      const before = last.get(message.id);
      last.set(message.id, when(message));
      if (before !== when(message) - 100) continue;
      pairs++;
      if (!heard.has(keyOf(message)) && !heard.has(`${message.id} ${before}`)) bothLost++;
    }
    expect(Math.abs(bothLost / pairs - 0.04)).toBeLessThan(2 * scatter(0.04, pairs));
  });

  it('has errors of the size asked for along both axes, which drift, and says so', () => {
    const noisy = new Map(hear({ positionNoiseMetres: 2 }).map((message) => [keyOf(message), message]));
    const errors = new Map<string, [number, number]>();
    for (const message of all) {
      const other = noisy.get(keyOf(message))!;
      expect(other.accuracy.semiMajorMetres).toBe(2);
      errors.set(keyOf(message), [
        (other.longitudeDegrees! - message.longitudeDegrees!) *
          METRES_PER_DEGREE *
          Math.cos((message.latitudeDegrees! * Math.PI) / 180),
        (other.latitudeDegrees! - message.latitudeDegrees!) * METRES_PER_DEGREE,
      ]);
    }
    for (const axis of [0, 1] as const) {
      const values = [...errors.values()].map((error) => error[axis]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
      // errors last ten seconds: hundreds of independent ones, not as many as messages
      expect(Math.abs(mean)).toBeLessThan(0.3);
      expect(deviation).toBeGreaterThan(1.8);
      expect(deviation).toBeLessThan(2.2);
      expect(correlation(errors, all, axis, 100)).toBeGreaterThan(0.99);
      expect(Math.abs(correlation(errors, all, axis, 30_000))).toBeLessThan(0.2);
    }
  });

  it('changes ids as often as is asked, each sender at moments of its own, and never shares one', () => {
    const rotating = hear({ idRotationSeconds: 20 });
    expect(rotating).toHaveLength(all.length);
    // the same message but for its id
    const owner = new Map<string, string>();
    const changes = new Map<string, number[]>();
    const last = new Map<string, Heard>();
    rotating.forEach((message, i) => {
      const own = all[i]!;
      expect(placeOf(message)).toBe(placeOf(own));
      expect(owner.get(message.id) ?? own.id).toBe(own.id);
      owner.set(message.id, own.id);
      const before = last.get(own.id);
      if (before !== undefined && before.id !== message.id)
        changes.set(own.id, [...(changes.get(own.id) ?? []), when(message)]);
      last.set(own.id, message);
    });
    const phases: number[] = [];
    for (const moments of changes.values()) {
      for (let i = 1; i < moments.length; i++) expect(moments[i]! - moments[i - 1]!).toBe(20_000);
      phases.push((moments[0]! % 20_000) / 20_000);
    }
    expect(phases.length).toBeGreaterThan(40);
    for (const quarter of [0, 0.25, 0.5, 0.75]) {
      const share = phases.filter((phase) => phase >= quarter && phase < quarter + 0.25).length / phases.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(scatter(0.25, phases.length));
    }
  });

  it('depends on the seed and the sender alone: neither on the lights nor on who else is there', () => {
    const settings = { share: 0.5, pedestrianShare: 0.5 };
    const [one, again, others] = [hear(settings), hear(settings), hear(settings, 4)];
    expect(again).toEqual(one);
    expect(ids(others, 'bsm')).not.toEqual(ids(one, 'bsm'));
    // more share keeps those who are heard with less
    const less = ids(hear({ share: 0.2 }), 'bsm');
    expect([...less].every((id) => ids(one, 'bsm').has(id))).toBe(true);
    // with buttons pressed by nobody and other lights the same vehicles send under the same ids
    const alone = ids(
      openedWithoutPeople().flatMap(({ message }) => readOwnV2x(message) as Heard[]),
      'bsm',
    );
    const everybody = ids(all, 'bsm');
    const common = [...alone].filter((id) => everybody.has(id));
    expect(common.length).toBeGreaterThan(0.9 * Math.min(alone.size, everybody.size));
  });
});

function openedWithoutPeople() {
  const { pedestrians: _, ...rest } = scenario;
  const street = openStreet(
    { kind: 'scenario', scenario: { ...rest, v2x: EVERYBODY } },
    {
      seed: 3,
      variant: { name: 'baseline', strategy: 'fixed-time' },
      prefix: 'flextraff-sim/test/baseline',
      wants: (kind) => kind === 'bsm',
    },
  );
  while (street.tick * street.stepSeconds < SECONDS) street.step();
  return street.drain();
}

/** Of a sender's error with its own so much later. */
function correlation(
  errors: ReadonlyMap<string, readonly [number, number]>,
  messages: readonly Heard[],
  axis: 0 | 1,
  laterMs: number,
): number {
  let [product, square, n] = [0, 0, 0];
  for (const message of messages) {
    const later = errors.get(`${message.id} ${when(message) + laterMs}`);
    if (later === undefined) continue;
    const own = errors.get(keyOf(message))!;
    product += own[axis] * later[axis];
    square += (own[axis] * own[axis] + later[axis] * later[axis]) / 2;
    n++;
  }
  expect(n).toBeGreaterThan(1000);
  return product / square;
}
