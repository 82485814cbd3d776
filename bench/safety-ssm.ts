/**
 * Our encounters against those of SUMO's SSM device, on the same floating car data: single-4leg at 0.80 of capacity, steps
 * of 0.1 s, 600 s. `npm run bench:safety-ssm`; needs `sumo` and the shared data.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Encounter } from '../controller/safety/encounter-types.ts';
import { analyseSource } from '../runs/safety/source.ts';

const seconds = 600;
const data = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data', 'sumo', 'single-4leg');
const routes = join(data, 'single80.rou.xml');
const TTC_SECONDS = 3;

if (!existsSync(routes) || spawnSync('sumo', ['--version']).status !== 0) {
  console.log(`not measured: it needs SUMO (Debian's package "sumo") and ${routes} (set FLEXTRAFF_SHARED).`);
  process.exit(0);
}

interface Ssm {
  readonly users: string;
  readonly kind: 'following' | 'merging' | 'crossing' | 'collision' | 'other';
  readonly ttc: number;
  readonly atSeconds: number;
}

/** SUMO's encounter types: 2, 3 following; 5-8 merging; 9-17 crossing and those past the area; 111 collision. */
function kindOf(type: number): Ssm['kind'] {
  if (type === 2 || type === 3) return 'following';
  if (type >= 5 && type <= 8) return 'merging';
  if (type >= 9 && type <= 21) return 'crossing';
  return type === 111 ? 'collision' : 'other';
}

/** SSM conflicts, each once: SUMO lists one for either vehicle. */
function ssmConflicts(text: string): Ssm[] {
  const found = new Map<string, Ssm>();
  for (const [, head, body] of text.matchAll(/<conflict ([^>]*)>(.*?)<\/conflict>/gs)) {
    const attribute = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(head!)?.[1] ?? '';
    const ttc = /<minTTC time="([\d.]+)"[^>]*type="(\d+)" value="([\d.]+)"/.exec(body!);
    if (ttc === null) continue;
    const users = [attribute('ego'), attribute('foe')].sort().join(' ');
    const one = { users, kind: kindOf(Number(ttc[2])), ttc: Number(ttc[3]), atSeconds: Number(ttc[1]) };
    const key = `${users} ${one.kind} ${one.atSeconds}`;
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()];
}

const folder = mkdtempSync(join(tmpdir(), 'flextraff-ssm-'));
try {
  const [fcd, ssm] = [join(folder, 'fcd.xml'), join(folder, 'ssm.xml')];
  const arguments_ = `-n ${join(data, 'single.net.xml')} -r ${routes} --step-length 0.1 --end ${seconds} --no-step-log --no-warnings
    --xml-validation never --fcd-output ${fcd} --fcd-output.acceleration --device.ssm.probability 1 --device.ssm.file ${ssm}
    --device.ssm.measures TTC --device.ssm.thresholds ${TTC_SECONDS} --device.ssm.range 100 --device.ssm.extratime 8`;
  const sumo = spawnSync('sumo', arguments_.split(/\s+/), { encoding: 'utf8' });
  if (sumo.status !== 0) throw new Error(`sumo: ${sumo.stderr}`);
  const cpu = process.cpuUsage();
  const { report, analysis } = await analyseSource(fcd, { typesPath: routes });
  const ours = analysis.take().encounters;
  const used = process.cpuUsage(cpu);
  const cpuSeconds = (used.user + used.system) / 1e6;

  const all = ssmConflicts(readFileSync(ssm, 'utf8'));
  const following = all.filter((one) => one.kind === 'following' && one.ttc <= TTC_SECONDS);
  const byUsers = new Map<string, Encounter[]>();
  for (const one of ours) {
    const users = [...one.users].sort().join(' ');
    byUsers.set(users, [...(byUsers.get(users) ?? []), one]);
  }
  const seen = new Set<Encounter>();
  const differences: number[] = [];
  let twice = 0;
  const onlySsm: Ssm[] = [];
  for (const one of following) {
    const there = (byUsers.get(one.users) ?? []).filter(
      (mine) =>
        mine.minTtcSeconds !== undefined &&
        one.atSeconds * 1000 >= mine.startMs - 1000 &&
        one.atSeconds * 1000 <= mine.endMs + 1000,
    );
    if (there.length === 0) onlySsm.push(one);
    else {
      if (there.length > 1) twice++;
      seen.add(there[0]!);
      differences.push(Math.abs(there[0]!.minTtcSeconds! - one.ttc) / Math.max(one.ttc, 0.01));
    }
  }
  differences.sort((a, b) => a - b);
  const within = differences.filter((one) => one <= 0.05).length;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rearEnd = ours.filter((one) => one.type === 'rear-end');
  const others = ours.filter((one) => one.type !== 'rear-end');
  const onlyOurs = rearEnd.filter((one) => !seen.has(one));
  const ssmCrossing = new Set(
    all.filter((one) => one.kind === 'crossing' || one.kind === 'merging').map((one) => one.users),
  );
  const rows: [string, string][] = [
    ['road-user updates', String(report.tally.used)],
    ['reading and analysis, CPU s', cpuSeconds.toFixed(1)],
    ['updates per CPU second, XML included', Math.round(report.tally.used / cpuSeconds).toLocaleString('en')],
    ["SSM's following conflicts, TTC <= 3 s, each once", String(following.length)],
    ['ours in one lane, TTC <= 3 s', String(rearEnd.length)],
    ['seen by both', String(differences.length)],
    ['  minimum TTC within 5 %', `${within} (${percent(within / differences.length)}); asked 95 %`],
    ['  largest difference', percent(differences[differences.length - 1] ?? 0)],
    ['  counted more than once by us', String(twice)],
    ['only SSM', `${onlySsm.length}: ${onlySsm.map((one) => `${one.users} ${one.ttc} s`).join(', ') || '-'}`],
    [
      'only ours',
      `${onlyOurs.length}: ${onlyOurs.map((one) => `${one.users.join(' ')} ${one.minTtcSeconds?.toFixed(3)} s`).join(', ') || '-'}`,
    ],
    ['pairs on crossing or merging paths, SSM', String(ssmCrossing.size)],
    [
      'ours across lanes: with TTC / with PET alone',
      `${others.filter((one) => one.minTtcSeconds !== undefined).length} / ${others.filter((one) => one.minTtcSeconds === undefined).length}`,
    ],
    [
      '  of these pairs SSM has too',
      String(others.filter((one) => ssmCrossing.has([...one.users].sort().join(' '))).length),
    ],
    [
      'collisions: SUMO / SSM type 111 / our outlines touched',
      `${(sumo.stderr.match(/collision/g) ?? []).length} / ${all.filter((one) => one.kind === 'collision').length} / ${ours.filter((one) => one.outlinesTouched).length}`,
    ],
  ];
  for (const [label, value] of rows) console.log(`${label.padEnd(56)} ${value}`);
} finally {
  rmSync(folder, { recursive: true });
}
