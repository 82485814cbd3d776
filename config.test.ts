import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT, readSettings, type SettingsError, TEST_ENVIRONMENT } from './config.ts';

const root = import.meta.dirname;
const example = readFileSync(join(root, '.env.example'), 'utf8');
const inExample = [...example.matchAll(/^#([A-Z_]+)=/gm)].map((match) => match[1]);

describe('settings', () => {
  it('work with an empty environment', () => {
    expect(readSettings({})).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      databaseUrl: undefined,
      mqttPort: 0,
      allowedHosts: [],
    });
  });

  it('are read, and empty ones count as not set', () => {
    const settings = readSettings({
      PORT: '0',
      DATABASE_URL: '',
      ALLOWED_HOSTS: 'Twin.example.org, b:8080',
      FLEXTRAFF_THREADS: '3',
    });
    expect(settings).toMatchObject({
      port: 0,
      databaseUrl: undefined,
      allowedHosts: ['twin.example.org', 'b:8080'],
      threads: 3,
    });
  });

  it('report every mistake at once, with what is allowed', () => {
    const environment = {
      PORT: '99999',
      FLEXTRAFF_THREADS: 'two',
      FLEXTRAFF_BROKER: 'http://x',
      LOG_LEVEL: 'loud',
      FLEXTRAFF_TREADS: '2',
    };
    let problems: readonly string[] = [];
    try {
      readSettings(environment);
    } catch (error) {
      problems = (error as SettingsError).problems;
    }
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^PORT is "99999"; allowed is a whole number from 0 to 65535/),
        expect.stringMatching(/^FLEXTRAFF_THREADS is "two"/),
        expect.stringMatching(/^FLEXTRAFF_BROKER is not usable; allowed is an address that begins with mqtt:\/\//),
        expect.stringMatching(/^LOG_LEVEL is "loud"; allowed is one of fatal/),
        expect.stringMatching(/^FLEXTRAFF_TREADS is not a setting/),
      ]),
    );
    expect(problems).toHaveLength(5);
  });

  it('never show a secret in a message', () => {
    expect(() => readSettings({ DATABASE_URL: 'mysql://u:hunter2@h/d', FLEXTRAFF_EPC_KEY: 'hunter2' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

describe('.env.example', () => {
  it('names exactly the settings there are', () => {
    expect([...inExample].sort()).toEqual([...Object.keys(ENVIRONMENT), ...TEST_ENVIRONMENT].sort());
  });

  it('explains each above its line', () => {
    for (const name of inExample) expect(example).toMatch(new RegExp(`^# .+\\n#${name}=`, 'm'));
  });

  it('states the defaults that are in force', () => {
    const given = Object.fromEntries(
      [...example.matchAll(/^#([A-Z_]+)=(.+)$/gm)].map((match) => [match[1]!, match[2]!]),
    );
    expect(readSettings(given)).toEqual(readSettings({}));
  });

  it('names every variable that any source file reads', () => {
    const folders = ['api', 'cli', 'controller', 'feeds', 'junction', 'runs', 'scenarios', 'sim', 'test', 'bench'];
    const files = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(root, folder, file)),
    );
    const standard = ['CI', 'NO_COLOR', 'NODE_ENV', 'PATH', 'HOME', 'VITEST'];
    for (const file of files)
      for (const [, name] of readFileSync(file, 'utf8').matchAll(/process\.env\.([A-Z_]+)/g))
        if (!standard.includes(name!)) expect(inExample, `${file} reads ${name}`).toContain(name);
  });
});
