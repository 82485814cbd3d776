/** Signal heads, approach counts, compass letters and scale bar over a world, as one SVG with its own attributes so that it can be saved as a picture. */
import { memo, type ReactNode } from 'react';
import type { Drawing } from '../../runs/types.ts';
import type { PackedFrame } from '../playback/interpolate.ts';
import { pixelsPerMetre, type Size, toPixel, type View } from './camera.ts';
import type { ApproachEnd } from './geometry.ts';
import { LAMP_LETTERS, type LampColour, lampLook, SAFE_COLOURS, TRUE_COLOURS } from './lamps.ts';

const LENS = 12;
const HEAD_WIDTH = 18;
const HEAD_HEIGHT = 3 * LENS + 12;
const ARROW_HEIGHT = 12;
const HEAD_GAP = 3;
const TEXT_HEIGHT = 32;
const SECONDS_WIDTH = 34;
const BOX_WIDTH_LEAST = 96;
const GAP = 7;
const SMALL_HEIGHT = 20;
const SMALL_PADDING = 6;
/** Boxes of two junctions that share more than this of the smaller one hide each other. */
const SHARED_MOST = 0.1;
const LENSES: readonly LampColour[] = ['red', 'amber', 'green'];
const INK = '#0b0f13';
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

interface Colours {
  readonly text: string;
  readonly muted: string;
  readonly plate: string;
  readonly bar: string;
  readonly barTrack: string;
}

export const OVERLAY_COLOURS: Record<'dark' | 'light', Colours> = {
  dark: { text: '#eef2f6', muted: '#aab4c0', plate: 'rgba(13,17,22,0.82)', bar: '#f0b04c', barTrack: '#37414d' },
  light: { text: '#14191f', muted: '#4c5662', plate: 'rgba(255,255,255,0.88)', bar: '#b45f06', barTrack: '#c9d0d8' },
};

interface Props {
  readonly drawing: Drawing;
  readonly ends: readonly ApproachEnd[];
  readonly frame: PackedFrame | undefined;
  readonly view: View;
  readonly size: Size;
  readonly theme: 'dark' | 'light';
  readonly trueColours: boolean;
  /** Queue that fills the bar, the same in every world. */
  readonly fullQueue: number;
  /** Drawn above all else in the same picture. */
  readonly children?: ReactNode;
}

export const SignalHeads = memo(function SignalHeads(props: Props) {
  const { drawing, ends, frame, view, size, theme } = props;
  const colours = OVERLAY_COLOURS[theme];
  const placed = ends.flatMap((end) => {
    const place = placeOf(end, view, size);
    return place === null ? [] : [{ end, place }];
  });
  const crowded = isCrowded(placed);
  const unsignalled = drawing.approaches.filter((_, index) => !ends.some((end) => end.index === index));
  return (
    <svg
      className="world-overlay"
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      fontFamily={FONT}
      aria-hidden="true"
    >
      <StopLines {...props} />
      {placed.map(({ end, place }) => {
        const key = `${end.junction} ${end.name}`;
        if (crowded) return <ApproachLabel key={key} {...props} end={end} />;
        return <ApproachBox key={key} {...props} end={end} place={place} />;
      })}
      {unsignalled.map((approach) => {
        const at = toPixel(view, size, approach.label);
        return (
          <text
            key={`${approach.junction} ${approach.name}`}
            x={at.x}
            y={at.y + 5}
            textAnchor="middle"
            fontSize="15"
            fontWeight="700"
            fill={colours.text}
          >
            {approach.name}
          </text>
        );
      })}
      <ScaleBar view={view} size={size} colours={colours} />
      {props.children}
      {frame === undefined && (
        <text x={size.width / 2} y={size.height / 2} textAnchor="middle" fontSize="13" fill={colours.muted}>
          fetching this moment…
        </text>
      )}
    </svg>
  );
});

function StopLines({ drawing, frame, view, size, trueColours }: Props) {
  const palette = trueColours ? TRUE_COLOURS : SAFE_COLOURS;
  return drawing.junctions.flatMap((junction, junctionIndex) =>
    junction.signalGroups.map((group, index) => {
      const lit = lampLook(frame?.lamps[junctionIndex]?.[index]).lit.at(-1);
      if (!lit || group.kind !== 'vehicle') return null;
      const from = toPixel(view, size, group.stopLine[0]);
      const to = toPixel(view, size, group.stopLine[1]);
      return (
        <line
          key={`${junction.id} ${group.id}`}
          x1={from.x}
          y1={from.y}
          x2={to.x}
          y2={to.y}
          stroke={palette[lit]}
          strokeWidth={lit === 'green' ? 2 : 3.5}
          strokeDasharray={lit === 'green' ? '4 3' : undefined}
        />
      );
    }),
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Whether the box lies above the stop line, so that its text belongs on top. */
  readonly above: boolean;
}

/** Names of files may be long; the whole one is in the tooltip. */
const NAME_CHARACTERS_MOST = 18;
const NAME_CHARACTER_WIDTH = 9;
const QUEUE_WIDTH = 78;

function shownName(name: string): string {
  return name.length <= NAME_CHARACTERS_MOST ? name : `${name.slice(0, NAME_CHARACTERS_MOST - 1)}…`;
}

/** The box stands on the kerb beside the stop line; null where that is out of sight. */
function placeOf(end: ApproachEnd, view: View, size: Size): Place | null {
  const heads = end.groups.length + end.pedestrianGroups.length;
  const named = shownName(end.name).length * NAME_CHARACTER_WIDTH + QUEUE_WIDTH;
  const width = Math.max(heads * (HEAD_WIDTH + HEAD_GAP) + 8 + SECONDS_WIDTH, BOX_WIDTH_LEAST, named);
  const height = HEAD_HEIGHT + ARROW_HEIGHT + TEXT_HEIGHT + 4;
  const kerb = toPixel(view, size, end.kerb);
  if (kerb.x < -20 || kerb.y < -20 || kerb.x > size.width + 20 || kerb.y > size.height + 20) return null;
  const reach = (d: { x: number; y: number }): number => (Math.abs(d.x) * width + Math.abs(d.y) * height) / 2 + GAP;
  const out = reach(end.outward);
  const back = reach(end.backward);
  const x = kerb.x + end.outward.x * out + end.backward.x * back;
  const y = kerb.y - end.outward.y * out - end.backward.y * back;
  return { x: x - width / 2, y: y - height / 2, width, height, above: y < kerb.y };
}

/** Whether boxes of different junctions would hide each other: junctions that stand close, seen from afar. */
function isCrowded(placed: readonly { readonly end: ApproachEnd; readonly place: Place }[]): boolean {
  return placed.some(({ end, place: a }, i) =>
    placed.slice(i + 1).some(({ end: other, place: b }) => {
      if (other.junction === end.junction) return false;
      const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      return wide > 0 && high > 0 && wide * high > SHARED_MOST * Math.min(a.width * a.height, b.width * b.height);
    }),
  );
}

/** In place of a box where boxes would hide each other: name and queue; the stop lines still have the lamps' colours. */
function ApproachLabel({ end, frame, view, size, theme }: Props & { end: ApproachEnd }) {
  const colours = OVERLAY_COLOURS[theme];
  const kerb = toPixel(view, size, end.kerb);
  const queue = frame?.counters.approachQueues[end.index];
  const name = shownName(end.name);
  const width = (name.length + 3) * NAME_CHARACTER_WIDTH + 2 * SMALL_PADDING;
  const towards = (d: { x: number; y: number }): number =>
    (Math.abs(d.x) * width + Math.abs(d.y) * SMALL_HEIGHT) / 2 + GAP;
  const x = kerb.x + end.outward.x * towards(end.outward) + end.backward.x * towards(end.backward) - width / 2;
  const y = kerb.y - end.outward.y * towards(end.outward) - end.backward.y * towards(end.backward) - SMALL_HEIGHT / 2;
  return (
    <g>
      <title>{`${end.name}: ${queue ?? 0} queued; zoom in to see its signal heads`}</title>
      <rect x={x} y={y} width={width} height={SMALL_HEIGHT} rx="5" fill={colours.plate} />
      <text x={x + SMALL_PADDING} y={y + 15} fontSize="14" fontWeight="700" fill={colours.text}>
        {name}
      </text>
      <text x={x + width - SMALL_PADDING} y={y + 15} fontSize="13" textAnchor="end" fill={colours.text}>
        {queue ?? ''}
      </text>
    </g>
  );
}

function ApproachBox(props: Props & { end: ApproachEnd; place: Place }) {
  const { drawing, end, place, frame, theme, fullQueue, trueColours } = props;
  const colours = OVERLAY_COLOURS[theme];
  const junction = drawing.junctions[end.junction]!;
  const lamps = frame?.lamps[end.junction];
  const [stage, secondsLeft] = frame?.stages[end.junction] ?? [-1, -1];
  const running = junction.stages[stage]?.groups ?? [];
  const served = end.groups.some(
    (group) => running.includes(junction.signalGroups[group]!.id) && lamps?.[group] !== 'r',
  );
  const queue = frame?.counters.approachQueues[end.index];
  const heads = [...end.groups, ...end.pedestrianGroups];
  const headsY = place.above ? place.y + TEXT_HEIGHT + 2 : place.y + 2;
  const textY = place.above ? place.y : place.y + place.height - TEXT_HEIGHT;
  const barWidth = place.width - 12;
  return (
    <g>
      <rect x={place.x} y={place.y} width={place.width} height={place.height} rx="7" fill={colours.plate} />
      {heads.map((group, index) => (
        <Head
          key={group}
          x={place.x + 5 + index * (HEAD_WIDTH + HEAD_GAP)}
          y={headsY}
          letter={lamps?.[group]}
          turns={junction.signalGroups[group]!.turns}
          pedestrian={junction.signalGroups[group]!.kind === 'pedestrian'}
          palette={trueColours ? TRUE_COLOURS : SAFE_COLOURS}
          arrowColour={colours.text}
        />
      ))}
      <text x={place.x + 6} y={textY + 14} fontSize="15" fontWeight="700" fill={colours.text}>
        {shownName(end.name) !== end.name && <title>{end.name}</title>}
        {shownName(end.name)}
      </text>
      {served && secondsLeft >= 0 && (
        <text
          x={place.x + 8 + heads.length * (HEAD_WIDTH + HEAD_GAP)}
          y={headsY + HEAD_HEIGHT - 7}
          fontSize="12"
          fontWeight="600"
          fill={colours.text}
        >
          {Math.ceil(secondsLeft)} s
        </text>
      )}
      <text x={place.x + place.width - 6} y={textY + 14} fontSize="12" textAnchor="end" fill={colours.text}>
        {queue === undefined ? '' : `${queue} queued`}
      </text>
      <rect x={place.x + 6} y={textY + 20} width={barWidth} height="5" rx="2.5" fill={colours.barTrack} />
      <rect
        x={place.x + 6}
        y={textY + 20}
        width={Math.min(1, (queue ?? 0) / Math.max(1, fullQueue)) * barWidth}
        height="5"
        rx="2.5"
        fill={colours.bar}
      />
    </g>
  );
}

interface HeadProps {
  readonly x: number;
  readonly y: number;
  readonly letter: string | undefined;
  readonly turns: readonly string[];
  readonly pedestrian: boolean;
  readonly palette: Record<LampColour, string>;
  readonly arrowColour: string;
}

/** Red is a square on top, amber a triangle, green a circle at the bottom; a lit one carries its letter. */
function Head({ x, y, letter, turns, pedestrian, palette, arrowColour }: HeadProps) {
  const { lit } = lampLook(letter);
  const cx = x + HEAD_WIDTH / 2;
  return (
    <g>
      <rect
        x={x}
        y={y}
        width={HEAD_WIDTH}
        height={HEAD_HEIGHT}
        rx="5"
        fill="#10141a"
        stroke="#46515e"
        strokeWidth="1"
      />
      {LENSES.map((lens, index) => {
        const cy = y + 4 + LENS / 2 + index * (LENS + 2);
        const on = lit.includes(lens);
        return (
          <g key={lens}>
            <Lens lens={lens} cx={cx} cy={cy} fill={on ? palette[lens] : '#242c35'} />
            {on && (
              <text
                x={cx}
                y={cy + (lens === 'amber' ? 4.6 : 3.2)}
                fontSize={lens === 'amber' ? 8 : 9}
                fontWeight="800"
                textAnchor="middle"
                fill={INK}
              >
                {letter === 'f' ? 'F' : LAMP_LETTERS[lens]}
              </text>
            )}
          </g>
        );
      })}
      {pedestrian ? (
        <text x={cx} y={y + HEAD_HEIGHT + 10} fontSize="9" fontWeight="700" textAnchor="middle" fill={arrowColour}>
          ped
        </text>
      ) : (
        <TurnArrows cx={cx} cy={y + HEAD_HEIGHT + 6} turns={turns} colour={arrowColour} />
      )}
    </g>
  );
}

function Lens({ lens, cx, cy, fill }: { lens: LampColour; cx: number; cy: number; fill: string }) {
  const r = LENS / 2;
  if (lens === 'red')
    return <rect x={cx - r + 0.5} y={cy - r + 0.5} width={LENS - 1} height={LENS - 1} rx="1.5" fill={fill} />;
  if (lens === 'amber') return <path d={`M${cx} ${cy - r - 0.5}l${r + 1} ${LENS}h${-2 * r - 2}z`} fill={fill} />;
  return <circle cx={cx} cy={cy} r={r} fill={fill} />;
}

const ARROWS: Record<string, string> = {
  left: 'M3 4V0H-4M-1.5 -2.5L-4 0L-1.5 2.5',
  right: 'M-3 4V0H4M1.5 -2.5L4 0L1.5 2.5',
  straight: 'M0 4V-4M-2.5 -1.5L0 -4L2.5 -1.5',
  'u-turn': 'M3 4V-1A3 3 0 0 0 -3 -1V4M-5 1.8L-3 4L-1 1.8',
};

function TurnArrows({ cx, cy, turns, colour }: { cx: number; cy: number; turns: readonly string[]; colour: string }) {
  const gap = turns.length > 2 ? 5 : 6.5;
  return turns.map((turn, index) => (
    <path
      key={turn}
      d={ARROWS[turn]}
      transform={`translate(${cx + (index - (turns.length - 1) / 2) * gap} ${cy}) scale(${turns.length > 1 ? 0.75 : 1})`}
      fill="none"
      stroke={colour}
      strokeWidth="1.4"
    />
  ));
}

function ScaleBar({ view, size, colours }: { view: View; size: Size; colours: Colours }) {
  const scale = pixelsPerMetre(view, size);
  const metres = [10, 20, 50, 100, 200, 500, 1000].find((length) => length * scale >= 50) ?? 2000;
  const x = 10;
  const y = size.height - 10;
  return (
    <g>
      <path d={`M${x} ${y - 5}v5h${metres * scale}v-5`} fill="none" stroke={colours.muted} strokeWidth="1.5" />
      <text x={x + 5} y={y - 5} fontSize="11" fill={colours.muted}>
        {metres} m
      </text>
    </g>
  );
}
