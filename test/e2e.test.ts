import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../runs/types.ts';
import { hasChromium, launchChromium, numberOf, picture, type WatchedPage, watchedPage } from './support/browser.ts';
import { ROOT, endAll, flextraff, type RunningTwin, startTwin, until } from './support/command.ts';

/** Short enough to wait for its end, and not the one that plays at the start. */
const SCENARIO = 't-junction';
const SEED = 4;

describe.skipIf(!hasChromium)('the page in a browser (skipped where there is no Chromium, see CHROMIUM)', () => {
  let folder: string;
  let twin: RunningTwin;
  let browser: Browser;
  let watched: WatchedPage;
  const byId = (id: string): Locator => watched.page.getByTestId(id);
  const worlds = () => [byId('world-baseline'), byId('world-adaptive')] as const;
  const text = async (id: string) => ((await byId(id).textContent({ timeout: 20_000 })) ?? '').trim();
  const second = (world: Locator) => numberOf(world, 'data-second');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flextraff-e2e-'));
    const scenarios = join(folder, 'scenarios');
    mkdirSync(scenarios);
    const whole = readFileSync(join(ROOT, 'scenarios/turns-over-crossings.yaml'), 'utf8');
    writeFileSync(join(scenarios, 'turns.yaml'), whole.replace(/^durationSeconds: .*$/m, 'durationSeconds: 150'));
    const settings = { FLEXTRAFF_DATA: folder, FLEXTRAFF_SCENARIOS: scenarios };
    [twin, browser] = await Promise.all([startTwin([], settings), launchChromium()]);
    watched = await watchedPage(browser, twin.url);
    await watched.page.goto(twin.url);
  });

  afterAll(async () => {
    await browser?.close();
    await twin?.end('SIGTERM');
    await endAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('starts by itself, and both worlds move with the same clock', async () => {
    for (const world of worlds()) {
      await world.waitFor();
      await until(async () => (await numberOf(world, 'data-vehicles')) > 0);
    }
    const [baseline, adaptive] = worlds();
    const before = await second(baseline);
    await until(async () => (await second(baseline)) > before + 2);
    await until(async () => (await second(adaptive)) > before + 2);
    // one after the other is asked while both go on
    expect(Math.abs((await second(baseline)) - (await second(adaptive)))).toBeLessThan(2);
    await until(async () => (await text('verdict')).length > 20);
    await picture(watched.page, 'playing');
  });

  it('holds while paused, and steps second by second', async () => {
    const [baseline, adaptive] = worlds();
    await byId('play').click();
    await until(async () => {
      const now = await second(baseline);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return now === (await second(baseline));
    });
    const held = await second(baseline);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await second(baseline)).toBe(held);
    expect(await second(adaptive)).toBe(held);

    await byId('step-forward').click();
    await until(async () => (await second(baseline)) > held);
    expect(await second(baseline)).toBeLessThanOrEqual(Math.floor(held) + 1);
    expect(await second(adaptive)).toBe(await second(baseline));
  });

  it('shows the earlier moment when scrubbed back, and the later one again', async () => {
    const [baseline, adaptive] = worlds();
    const scrubTo = async (moment: number) => {
      // what is not simulated yet cannot be shown yet
      await until(async () => {
        await byId('scrubber').fill(String(moment));
        return (await second(baseline)) === moment && (await second(adaptive)) === moment;
      }, 500);
      return {
        baseline: await numberOf(baseline, 'data-vehicles'),
        adaptive: await numberOf(adaptive, 'data-vehicles'),
        clock: await text('clock'),
      };
    };
    const late = await scrubTo(600);
    await picture(watched.page, 'compare');
    const early = await scrubTo(20);
    expect(early.clock).not.toBe(late.clock);
    expect(early.baseline).not.toBe(late.baseline);
    await picture(watched.page, 'scrubbed-back');
    expect(await scrubTo(600)).toEqual(late);
  });

  it('starts a run whose numbers are those of `flextraff run`', async () => {
    await byId('scenario-select').selectOption(SCENARIO);
    await byId('seed-input').fill(String(SEED));
    await byId('start-run').click();
    const { code, stdout, stderr } = await flextraff(['run', SCENARIO, '--seed', String(SEED), '--json']);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as RunResult;
    expect(Object.keys(result.variants)).toEqual(['baseline', 'adaptive']);
    await watched.page.locator('.topbar').getByText(SCENARIO, { exact: true }).waitFor();
    await until(async () => /finished/i.test(await text('run-status')));
    for (const [name, variant] of Object.entries(result.variants)) {
      expect(await text(`result-digest-${name}`)).toContain(variant.digest);
      expect(await numberOf(byId(`result-delay-${name}`), 'data-value')).toBeCloseTo(variant.delaySeconds.mean!, 9);
    }
    await picture(watched.page, 'finished');
  });

  it('shows the safety of both worlds, and replays a near miss in both', async () => {
    await byId('scenario-select').selectOption('turns');
    await byId('seed-input').fill('1');
    await byId('start-run').click();
    await watched.page.locator('.topbar').getByText('turns', { exact: true }).waitFor();
    await until(async () => /finished/i.test(await text('run-status')));
    for (const name of ['baseline', 'adaptive']) {
      expect(await text(`safety-index-${name}`)).toMatch(/^\d+\.\d\d+\.\d to \d+\.\d$/);
    }
    await byId('near-miss-filter').selectOption('all');
    const first = byId('replay').first();
    expect(await first.getAttribute('aria-label')).toMatch(
      /^Replay \d\d:\d\d:\d\d, (baseline|adaptive): .*(TTC|PET) \d/,
    );
    const critical = await numberOf(first, 'data-second');
    await picture(watched.page, 'safety');
    // by keyboard, as a mouse would
    await first.focus();
    await watched.page.keyboard.press('Enter');
    for (const world of worlds()) {
      await until(async () => {
        const at = await second(world);
        return at >= critical - 6 && at <= critical + 8;
      });
    }
    expect(await byId('near-miss').first().getAttribute('aria-current')).toBe('true');
    await until(async () => (await second(worlds()[0])) >= critical - 1);
    expect(await watched.page.locator('.conflict-layer [data-now]').count()).toBeGreaterThan(0);
    await picture(watched.page, 'near-miss');
    await byId('play').click();
  });

  it('is readable in light colours too', async () => {
    await watched.page.emulateMedia({ colorScheme: 'light' });
    await picture(watched.page, 'light');
    const [baseline] = worlds();
    expect(await numberOf(baseline, 'data-vehicles')).toBeGreaterThanOrEqual(0);
  });

  it('asked nobody but the twin, and had nothing to complain about', () => {
    expect(watched.strangers).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });
});
