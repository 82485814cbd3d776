/** A quantity of all variants over time, with the playhead in it. A click goes to that moment. */
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { RunDetail, SeriesPoint } from '../../api/types.ts';
import type { Player } from '../playback/player.ts';
import { usePosition } from '../playback/player.ts';
import { variantLook } from '../words/looks.ts';
import { fixed } from '../words/numbers.ts';
import { clockAt } from '../words/time.ts';
import { composePicture, saveCanvas, saveCsv } from '../world/save-picture.ts';
import { columns, type Quantity, seriesCsv } from './chart-data.ts';

const COLOURS = {
  dark: { text: '#aab4c0', grid: '#232b34', line: '#eef2f6', veil: 'rgba(16,21,27,0.6)', background: '#12171d' },
  light: { text: '#4c5662', grid: '#e0e5ea', line: '#14191f', veil: 'rgba(255,255,255,0.62)', background: '#ffffff' },
};
const HEIGHT = 168;
const LABEL_ROOM = 74;

interface Props {
  readonly run: RunDetail;
  readonly series: Readonly<Record<string, readonly SeriesPoint[]>>;
  readonly quantity: Quantity;
  readonly heading: string;
  readonly says: string;
  readonly unit: string;
  readonly decimals: number;
  readonly player: Player;
  readonly theme: 'dark' | 'light';
}

export function SeriesChart({ run, series, quantity, heading, says, unit, decimals, player, theme }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { second } = usePosition(player);
  /** null while the picture is taken, which shows the whole series alike. */
  const shownSecond = useRef<number | null>(second);
  const names = useMemo(() => run.variants.map((variant) => variant.name), [run.variants]);
  const data = useMemo(() => columns(series, names, quantity), [series, names, quantity]);
  const latest = useRef(data);
  latest.current = data;
  const { startsAt, timeZone, durationSeconds } = run;

  useEffect(() => {
    const element = box.current!;
    const colours = COLOURS[theme];
    const clock = (at: number): string => clockAt(startsAt, timeZone, at, false);
    const chart = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height: HEIGHT,
        padding: [10, LABEL_ROOM, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: {
          x: { time: false, range: () => [0, durationSeconds] },
          y: { range: (_, __, max) => [0, niceTop(max)] },
        },
        axes: [
          {
            stroke: colours.text,
            grid: { show: false },
            ticks: { show: false },
            space: 70,
            size: 26,
            incrs: TIME_STEPS,
            values: (_, at) => at.map(clock),
          },
          {
            stroke: colours.text,
            grid: { stroke: colours.grid, width: 1 },
            ticks: { show: false },
            size: 42,
            splits: (_, __, ___, max) => [0, max / 2, max],
          },
        ],
        series: [
          {},
          ...names.map((name, index) => {
            const look = variantLook(index);
            return { label: name, stroke: look[theme], width: 2, dash: [...look.dash], points: { show: false } };
          }),
        ],
        hooks: {
          draw: [
            (self) => {
              if (shownSecond.current !== null) drawPlayhead(self, shownSecond.current, colours);
              drawLabels(self, names, theme);
            },
          ],
          setCursor: [(self) => showTip(self, tipText(self, names, unit, decimals, clock))],
        },
      },
      latest.current as uPlot.AlignedData,
      element,
    );
    plot.current = chart;
    chart.over.addEventListener('click', () => {
      const at = chart.posToVal(chart.cursor.left ?? 0, 'x');
      if (at >= 0) player.seek(Math.round(at));
    });
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [names, theme, startsAt, timeZone, durationSeconds, unit, decimals, player]);

  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data]);
  useEffect(() => {
    shownSecond.current = second;
    plot.current?.redraw(false);
  }, [second]);

  const fileName = `${run.scenario}-seed${run.seed}-${quantity}`;
  const savePng = async (): Promise<void> => {
    const chart = plot.current;
    if (!chart) return;
    const { background, line } = COLOURS[theme];
    const title = `${heading} (${unit}), ${run.scenario}, seed ${run.seed}`;
    shownSecond.current = null;
    chart.redraw(false);
    // uPlot draws in the next microtask.
    await Promise.resolve();
    const picture = await composePicture(title, [chart.ctx.canvas], null, { background, text: line });
    shownSecond.current = second;
    chart.redraw(false);
    await saveCanvas(picture, `${fileName}.png`);
  };
  return (
    <section className="card chart" aria-label={heading}>
      <header className="card-head">
        <h3>{heading}</h3>
        <span className="card-says">{says}</span>
        <span className="card-tools">
          <button
            type="button"
            className="small"
            onClick={() => saveCsv(seriesCsv(series, names, quantity, run), `${fileName}.csv`)}
          >
            CSV
          </button>
          <button type="button" className="small" onClick={() => void savePng()}>
            PNG
          </button>
        </span>
      </header>
      <div ref={box} className="chart-box" role="img" aria-label={chartWords(heading, unit, decimals, data, names)} />
    </section>
  );
}

const TIME_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600];

/** The next round number at or above, so that the axis has two even halves. */
function niceTop(max: number | null): number {
  if (!max || max <= 0) return 10;
  const power = 10 ** Math.floor(Math.log10(max));
  return power * ([1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= max * 1.05) ?? 10);
}

function drawPlayhead(self: uPlot, second: number, colours: { line: string; veil: string }): void {
  const { ctx, bbox } = self;
  const x = Math.round(self.valToPos(second, 'x', true));
  ctx.save();
  ctx.fillStyle = colours.veil;
  ctx.fillRect(x, bbox.top, Math.max(0, bbox.left + bbox.width - x), bbox.height);
  ctx.fillStyle = colours.line;
  ctx.fillRect(
    x - devicePixelRatio / 2,
    bbox.top - 4 * devicePixelRatio,
    devicePixelRatio,
    bbox.height + 4 * devicePixelRatio,
  );
  ctx.restore();
}

/** Each line's name at its end, kept from running into one another. */
function drawLabels(self: uPlot, names: readonly string[], theme: 'dark' | 'light'): void {
  const { ctx } = self;
  const scale = devicePixelRatio;
  const labels = names.flatMap((name, index) => {
    const values = self.data[index + 1]!;
    const at = values.findLastIndex((value) => value != null);
    if (at < 0) return [];
    return [{ name, index, x: self.valToPos(self.data[0][at]!, 'x', true), y: self.valToPos(values[at]!, 'y', true) }];
  });
  labels.sort((a, b) => a.y - b.y);
  labels.forEach((label, order) => {
    const above = labels[order - 1];
    if (above && label.y - above.y < 14 * scale) label.y = above.y + 14 * scale;
  });
  // Where the lowest was pushed out of the plot, all move up as far as they must.
  let bottom = self.bbox.top + self.bbox.height - 4 * scale;
  for (const label of labels.toReversed()) {
    label.y = Math.min(label.y, bottom);
    bottom = label.y - 14 * scale;
  }
  ctx.save();
  ctx.font = `600 ${12 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const label of labels) {
    ctx.fillStyle = variantLook(label.index)[theme];
    ctx.fillText(label.name, label.x + 6 * scale, label.y);
  }
  ctx.restore();
}

function tipText(
  self: uPlot,
  names: readonly string[],
  unit: string,
  decimals: number,
  clock: (at: number) => string,
): string {
  const index = self.cursor.idx;
  if (index === null || index === undefined || (self.cursor.left ?? -1) < 0) return '';
  const values = names.map((name, variant) => `${name} ${fixed(self.data[variant + 1]![index], decimals)}`);
  return `${clock(self.data[0][index] ?? 0)}  ${values.join(' · ')} ${unit}`;
}

function showTip(self: uPlot, text: string): void {
  let tip = self.over.querySelector<HTMLElement>('.chart-tip');
  if (!tip) {
    tip = document.createElement('div');
    tip.className = 'chart-tip';
    self.over.append(tip);
  }
  tip.textContent = text;
  tip.hidden = text === '';
}

function chartWords(
  heading: string,
  unit: string,
  decimals: number,
  data: readonly (readonly (number | null)[])[],
  names: readonly string[],
): string {
  const now = names.map((name, index) => `${name} ${fixed(data[index + 1]?.at(-1), decimals)} ${unit}`).join(', ');
  return `${heading} over time. Newest: ${now}.`;
}
