/** Plots as SVG inside the page: colours come from its style sheet, and each has its content in words. */

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const WIDTH = 760;
/** Of a label, about. */
const LETTER_WIDTH = 7.5;
const px = (value: number): string => value.toFixed(1);

export interface ForestRow {
  readonly label: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Shape and colour of the mark: a square, a diamond, a circle. */
  readonly verdict: 'better' | 'worse' | 'none';
  /** Read out and shown when pointed at. */
  readonly words: string;
}

/** A round number of 1, 2 or 5 times a power of ten, at least `least`. */
function roundStep(least: number): number {
  let power = 1;
  while (power * 10 <= least) power *= 10;
  while (power > least) power /= 10;
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}

/** Positions of about `count` ticks from `low` to `high`, beyond both. */
function ticksOver(low: number, high: number, count: number): number[] {
  const span = high - low > 0 ? high - low : Math.max(1, Math.abs(high));
  const step = roundStep(span / count);
  const ticks: number[] = [];
  for (let k = Math.floor(low / step); k <= Math.ceil(high / step); k++) ticks.push(k * step);
  return ticks;
}

const tickText = (value: number): string => String(Number(value.toPrecision(6)));

function figure(title: string, words: string, height: number, body: string, id: string): string {
  return `<figure><svg role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${WIDTH} ${px(height)}" xmlns="http://www.w3.org/2000/svg"><title id="${id}-t">${escaped(title)}</title><desc id="${id}-d">${escaped(words)}</desc>${body}</svg><figcaption>${escaped(title)}</figcaption></figure>`;
}

/** Differences with their intervals, one below the other, around the line of no difference. */
export function forestPlot(id: string, title: string, axis: string, rows: readonly ForestRow[]): string {
  if (rows.length === 0) return '';
  const left = 230;
  const top = 8;
  const rowHeight = 26;
  const bottom = top + rows.length * rowHeight;
  const ticks = ticksOver(Math.min(0, ...rows.map((r) => r.low)), Math.max(0, ...rows.map((r) => r.high)), 8);
  const [first, last] = [ticks[0]!, ticks[ticks.length - 1]!];
  const x = (value: number) => left + ((value - first) / (last - first)) * (WIDTH - left - 20);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid${Math.abs(tick) < 1e-12 ? ' zero' : ''}" x1="${px(x(tick))}" x2="${px(x(tick))}" y1="${top}" y2="${bottom}"/><text class="tick" x="${px(x(tick))}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`,
  );
  const marks = rows.map(({ label, mean, low, high, verdict, words }, i) => {
    const y = top + (i + 0.5) * rowHeight;
    const at = px(x(mean));
    const shape = {
      better: `<rect x="${px(x(mean) - 5)}" y="${px(y - 5)}" width="10" height="10"/>`,
      worse: `<path d="M${at} ${px(y - 7)}l7 7l-7 7l-7 -7z"/>`,
      none: `<circle cx="${at}" cy="${px(y)}" r="5"/>`,
    }[verdict];
    return `<g class="mark ${verdict}"><title>${escaped(words)}</title><text class="label" x="${left - 12}" y="${px(y + 4)}" text-anchor="end">${escaped(label)}</text><line class="range" x1="${px(x(low))}" x2="${px(x(high))}" y1="${px(y)}" y2="${px(y)}"/>${shape}</g>`;
  });
  const caption = `<text class="tick" x="${px((left + WIDTH - 20) / 2)}" y="${bottom + 34}" text-anchor="middle">${escaped(axis)}</text>`;
  const words = rows.map((row) => row.words).join(' ');
  return figure(title, words, bottom + 42, grid.join('') + marks.join('') + caption, id);
}

export interface Strip {
  readonly name: string;
  /** By seed, null where there is none. */
  readonly values: readonly (number | null)[];
}

/** Values by seed in a column per variant; lines join what belongs to the same seed. Beyond 60 seeds without lines. */
export function pairedPlot(
  id: string,
  title: string,
  axis: string,
  seeds: readonly number[],
  strips: readonly Strip[],
): string {
  const values = strips.flatMap((strip) => strip.values).filter((value) => value !== null);
  if (values.length === 0) return '';
  const [left, top, bottom] = [64, 12, 260];
  const ticks = ticksOver(Math.min(...values), Math.max(...values), 6);
  const [first, last] = [ticks[0]!, ticks[ticks.length - 1]!];
  const y = (value: number) => bottom - ((value - first) / (last - first)) * (bottom - top);
  const x = (column: number) => left + ((column + 0.5) / strips.length) * (WIDTH - left - 20);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${left}" x2="${WIDTH - 20}" y1="${px(y(tick))}" y2="${px(y(tick))}"/><text class="tick" x="${left - 8}" y="${px(y(tick) + 4)}" text-anchor="end">${tickText(tick)}</text>`,
  );
  const marks = seeds.map((seed, i) => {
    const points = strips.flatMap(({ values: all }, column) => {
      const value = all[i];
      return value === null || value === undefined ? [] : [{ x: x(column), y: y(value) }];
    });
    const line =
      seeds.length > 60 || points.length < 2
        ? ''
        : `<polyline class="pair" points="${points.map((p) => `${px(p.x)},${px(p.y)}`).join(' ')}"/>`;
    const dots = points.map((p) => `<circle class="dot" cx="${px(p.x)}" cy="${px(p.y)}" r="3.5"/>`).join('');
    const shown = strips.map((strip) => `${strip.name} ${strip.values[i]?.toFixed(1) ?? 'none'}`).join(', ');
    return `<g class="seed"><title>${escaped(`seed ${seed}: ${shown}`)}</title>${line}${dots}</g>`;
  });
  const longest = Math.max(...strips.map(({ name }) => name.length)) * LETTER_WIDTH;
  const tilted = longest > (WIDTH - left - 20) / strips.length;
  const foot = tilted ? 24 + 0.6 * longest : 20;
  const labels = strips.map(({ name, values: all }, column) => {
    const there = all.filter((value) => value !== null);
    const mean = there.reduce((sum, value) => sum + value, 0) / Math.max(1, there.length);
    const at = px(x(column));
    const place = tilted
      ? `x="${at}" y="${bottom + 18}" text-anchor="end" transform="rotate(-35 ${at} ${bottom + 18})"`
      : `x="${at}" y="${bottom + 20}" text-anchor="middle"`;
    return `<line class="mean" x1="${px(x(column) - 26)}" x2="${px(x(column) + 26)}" y1="${px(y(mean))}" y2="${px(y(mean))}"/><text class="label" ${place}>${escaped(name)}</text>`;
  });
  const words = `${axis}. ${strips.map(({ name, values: all }) => `${name}: ${rangeOf(all)}`).join('; ')}.`;
  const caption = `<text class="tick" x="${left}" y="${px(bottom + foot + 20)}">${escaped(`${axis}; a dot is a seed, a line joins the same seed, the bar is the mean`)}</text>`;
  return figure(title, words, bottom + foot + 28, grid.join('') + marks.join('') + labels.join('') + caption, id);
}

function rangeOf(values: readonly (number | null)[]): string {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? 'none' : `from ${Math.min(...there).toFixed(1)} to ${Math.max(...there).toFixed(1)}`;
}
