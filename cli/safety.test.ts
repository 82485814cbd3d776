import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { queryParquet } from '../api/archive/parquet.ts';
import { explain } from './failure.ts';
import { type SafetyCommandOptions, safety } from './safety.ts';

const folder = mkdtempSync(join(tmpdir(), 'flextraff-safety-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const root = new URL('..', import.meta.url).pathname;

/** What the command prints on standard output. */
async function printed(source: string, options: SafetyCommandOptions): Promise<string> {
  let text = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += piece;
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await safety(source, options);
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  return text;
}

/** Two minutes: a pair that closes up at each minute's begin, one with an id made to break files. */
function fcd(): string {
  const name = 'a&quot;,&#10;=1+1 &lt;b&gt; 😀';
  let text = '<fcd-export>';
  for (let k = 0; k < 1200; k++) {
    const t = (k % 600) / 10;
    const at = Math.min(t, 2);
    text += `<timestep time="${(k / 10).toFixed(2)}">`;
    if (t < 2)
      text += `<vehicle id="${name}" x="${100 + 5 * at}" y="0" angle="90" type="car" speed="5"/><vehicle id="b" x="${60 + 15 * at}" y="0" angle="90" type="car" speed="15"/>`;
    text += `<vehicle id="c" x="${500 + k}" y="90" angle="90" type="bus" speed="10"/></timestep>`;
  }
  return `${text}</fcd-export>`;
}

describe('flextraff safety', () => {
  const source = join(folder, 'fcd.xml');
  writeFileSync(source, fcd());
  const at = (name: string) => join(folder, name);

  it('prints one JSON object as agreed, and writes the same conflicts to three files', async () => {
    const stdout = await printed(source, {
      json: true,
      origin: '49,8.4',
      csv: at('c.csv'),
      geojson: at('c.geojson'),
      parquet: at('c.parquet'),
      saveConstants: at('constants.json'),
    });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ source, messages: { read: 1280, used: 1280, rejected: {} } });
    expect(result.encounters).toHaveLength(2);
    expect(result.encounters[0]).toMatchObject({ type: 'rear-end', startSeconds: 0.5, severity: 'candidate' });
    expect(result.encounters[0].minTtcSeconds).toBeCloseTo(1.6, 1);
    expect(result.index.minutes).toHaveLength(2);
    expect(result.index.minutes[0]).toMatchObject({ scored: true, features: { volume: 3 } });

    const csv = readFileSync(at('c.csv'), 'utf8');
    expect(csv.split('\n')[0]).toContain('first_user,second_user');
    expect(csv).toContain('"a"",\n=1+1 <b> 😀"');
    const geo = JSON.parse(readFileSync(at('c.geojson'), 'utf8'));
    expect(geo.features).toHaveLength(2);
    expect(geo.features[0].geometry.coordinates[1]).toBeCloseTo(49, 4);
    const rows = await queryParquet(`SELECT * FROM read_parquet('${at('c.parquet')}') ORDER BY start_seconds`);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ second_user: 'b', type: 'rear-end', with_vru: false, pet_seconds: null });
    expect(rows[0]!.min_ttc_seconds).toBeCloseTo(result.encounters[0].minTtcSeconds, 2);

    const dry = { rainMillimetres: 0, visibilityMetres: 10_000, windMetresPerSecond: 0, temperatureCelsius: 20 };
    writeFileSync(at('weather.json'), JSON.stringify([{ ...dry, fromSeconds: 60, rainMillimetres: 20 }]));
    const wet = JSON.parse(await printed(source, { json: true, weather: at('weather.json') }));
    expect(wet.index.minutes.map((one: { raw: { weather: number | null } }) => one.raw.weather)).toEqual([null, 35]);

    const again = JSON.parse(await printed(source, { json: true, constants: at('constants.json') }));
    expect(again.index.constantsOf).toBe('the file given');
    expect(again.index.minutes[0].observationWeight).toBeLessThan(1);
  });

  it('says what a person wants to know, and refuses with exit code 2 what it cannot use', async () => {
    const text = execFileSync(process.execPath, ['--import', 'tsx', 'cli.ts', 'safety', source], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(text).toContain('2 encounters, 0 serious');
    expect(text).not.toContain('\n=1+1');
    const wrong: [string, SafetyCommandOptions][] = [
      [at('nowhere'), {}],
      [source, { origin: 'here' }],
      [source, { origin: '90,0' }],
      [source, { penetration: '3' }],
      [source, { constants: source }],
      [source, { weather: at('nowhere') }],
      [source, { types: at('nowhere') }],
      [source, { types: source }],
      [source, { csv: at('no/folder.csv') }],
      [source, { messages: at('no/folder.jsonl') }],
      [source, { geojson: at('d.geojson') }],
      [source, { messages: at('d.jsonl') }],
    ];
    for (const [path, options] of wrong) {
      const error = await printed(path, options).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect([options, explain(error).exitCode]).toEqual([options, 2]);
    }
  });
});
