/**
 * Road-user updates per CPU second of the encounter engine alone (no JSON, no files), at several densities: the first run
 * of a process and the median and worst of the others. `npm run bench:safety-speed`.
 */
import type { RoadUserUpdate } from '../controller/safety/encounter-types.ts';
import { EncounterEngine } from '../controller/safety/encounters.ts';

type Mutable = { -readonly [K in keyof RoadUserUpdate]: RoadUserUpdate[K] };

interface Density {
  readonly name: string;
  readonly what: string;
  /** Where everybody is at `second`; writes into `users`. */
  readonly move: (users: Mutable[], second: number) => void;
  readonly users: number;
}

const user = (i: number): Mutable => ({
  id: i.toString(16).toUpperCase().padStart(8, '0'),
  timeMs: 0,
  x: 0,
  y: 0,
  heading: 0,
  speedMetresPerSecond: 0,
  accelerationMetresPerSecond2: 0,
  type: 'car',
  lengthMetres: 4.5,
  widthMetres: 1.8,
});

/** Vehicles in lanes `laneMetres` apart, `headwayMetres` behind each other, each a little faster or slower by turns. */
function lanes(users: Mutable[], second: number, lanesWide: number, headwayMetres: number, speed: number): void {
  const perLane = users.length / lanesWide;
  const length = perLane * headwayMetres;
  for (let i = 0; i < users.length; i++) {
    const u = users[i]!;
    const lane = i % lanesWide;
    const place = Math.floor(i / lanesWide);
    const wave = Math.sin(second / 7 + place * 0.7 + lane);
    u.x = ((place * headwayMetres + speed * second + wave * headwayMetres * 0.12) % length) - length / 2;
    u.y = lane * 3.5 + (lane >= lanesWide / 2 ? 20 : 0);
    u.heading = 0;
    u.speedMetresPerSecond = Math.max(0, speed + Math.cos(second / 7 + place * 0.7 + lane) * headwayMetres * 0.017);
    u.accelerationMetresPerSecond2 = -wave * headwayMetres * 0.0025;
  }
}

const DENSITIES: readonly Density[] = [
  {
    name: 'free flow',
    what: '2,000 vehicles on 40 lanes, 35 m apart, 14 m/s',
    users: 2000,
    move: (users, second) => lanes(users, second, 40, 35, 14),
  },
  {
    name: 'queues',
    what: '2,000 vehicles on 40 lanes, 8 m apart, 2 m/s',
    users: 2000,
    move: (users, second) => lanes(users, second, 40, 8, 2),
  },
  {
    name: 'junctions',
    what: '100 junctions of 20 users: two crossing streams, one standing, people on a crossing',
    users: 2000,
    move(users, second) {
      for (let i = 0; i < users.length; i++) {
        const u = users[i]!;
        const junction = Math.floor(i / 20);
        const k = i % 20;
        const cx = (junction % 10) * 200;
        const cy = Math.floor(junction / 10) * 200;
        if (k < 8) {
          u.heading = 0;
          u.speedMetresPerSecond = 12;
          u.x = cx - 100 + ((k * 25 + 12 * second) % 200);
          u.y = cy;
        } else if (k < 16) {
          u.heading = Math.PI / 2;
          u.speedMetresPerSecond = 0;
          u.x = cx + 3.5;
          u.y = cy - 12 - (k - 8) * 7;
        } else {
          u.type = 'pedestrian';
          u.lengthMetres = 0.5;
          u.widthMetres = 0.5;
          u.heading = k % 2 ? Math.PI / 2 : -Math.PI / 2;
          u.speedMetresPerSecond = 1.4;
          const along = (k * 7 + 1.4 * second) % 24;
          u.x = cx + 12 + (k % 3);
          u.y = cy + (k % 2 ? along - 12 : 12 - along);
        }
      }
    },
  },
  {
    name: 'crossing grid',
    what: '2,000 vehicles whose streams drive through each other: 20 roads each way, 40 m apart, headway 16 m',
    users: 2000,
    move(users, second) {
      for (let i = 0; i < users.length; i++) {
        const u = users[i]!;
        const road = i % 40;
        const place = Math.floor(i / 40);
        const along = (place * 16 + 10 * second) % 800;
        u.speedMetresPerSecond = 10;
        if (road < 20) {
          u.heading = 0;
          u.x = along;
          u.y = road * 40;
        } else {
          u.heading = Math.PI / 2;
          u.x = (road - 20) * 40;
          u.y = along;
        }
      }
    },
  },
];

const SECONDS = 30;

function measure(density: Density): { perCpuSecond: number; encounters: number; open: number } {
  const engine = new EncounterEngine();
  const users = Array.from({ length: density.users }, (_, i) => user(i));
  let micros = 0;
  let encounters = 0;
  let open = 0;
  for (let step = 0; step < SECONDS * 10; step++) {
    const timeMs = 1_700_000_000_000 + step * 100;
    density.move(users, step / 10);
    const before = process.cpuUsage();
    for (const u of users) {
      u.timeMs = timeMs;
      engine.push(u);
    }
    encounters += engine.takeEncounters().length;
    engine.takeHardBraking();
    const used = process.cpuUsage(before);
    micros += used.user + used.system;
    open = Math.max(open, engine.openEncounters);
  }
  engine.finish();
  encounters += engine.takeEncounters().length;
  return { perCpuSecond: (engine.taken / micros) * 1e6, encounters, open };
}

const rounds = 4;
const only = process.argv[2];
console.log(
  `road-user updates per CPU second; 10 Hz, ${SECONDS} s, ${rounds} rounds after the first; asked 500,000, goal 2,000,000`,
);
console.log('density        first     median    worst     encounters  most open');
for (const density of DENSITIES) {
  if (only !== undefined && !density.name.startsWith(only)) continue;
  const first = measure(density);
  const rest = Array.from({ length: rounds }, () => measure(density).perCpuSecond).sort((a, b) => a - b);
  const show = (value: number) => Math.round(value).toLocaleString('en').padEnd(9);
  console.log(
    `${density.name.padEnd(14)} ${show(first.perCpuSecond)} ${show(rest[Math.floor(rest.length / 2)]!)} ${show(rest[0]!)} ${String(first.encounters).padEnd(11)} ${first.open}`,
  );
}
for (const density of DENSITIES) console.log(`${density.name}: ${density.what}`);
