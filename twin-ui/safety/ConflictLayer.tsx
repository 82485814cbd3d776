/** Near misses on the map of a world: where they were, and around its moment the one on show. Part of the world's SVG. */
import { memo } from 'react';
import { type Size, toPixel, type View } from '../world/camera.ts';
import { keyOf, measureWords, type NearMiss, sentence } from './conflicts.ts';

/** Seconds around its moment in which a near miss is ringed. */
const AROUND_SECONDS = 3;

interface Props {
  readonly conflicts: readonly NearMiss[];
  readonly second: number;
  readonly chosen: string | null;
  readonly view: View;
  readonly size: Size;
  readonly theme: 'dark' | 'light';
  readonly replay: (conflict: NearMiss) => void;
}

/** The street is dark in both themes: so are the edges of marks. */
const MARK = { fill: '#ffd84d', edge: '#0b0f13' };
const LABEL = {
  dark: { text: '#eef2f6', plate: 'rgba(13,17,22,0.86)' },
  light: { text: '#14191f', plate: 'rgba(255,255,255,0.94)' },
};
/** More labels at once than this hide what they tell of. */
const MOST_LABELS = 3;

export const ConflictLayer = memo(function ConflictLayer(props: Props) {
  const { conflicts, second, chosen, view, size, theme, replay } = props;
  const ink = { ...MARK, ...LABEL[theme] };
  const placed = conflicts.map((one) => ({ one, at: toPixel(view, size, one) }));
  const now = placed.filter(
    ({ one }) => Math.abs(one.criticalSecond - second) <= (keyOf(one) === chosen ? 2 * AROUND_SECONDS : AROUND_SECONDS),
  );
  const labelled = new Set(
    now
      .filter(({ one }) => one.severity === 'serious' || keyOf(one) === chosen)
      .sort((a, b) => Number(keyOf(b.one) === chosen) - Number(keyOf(a.one) === chosen))
      .slice(0, MOST_LABELS)
      .map(({ one }) => keyOf(one)),
  );
  return (
    <g className="conflict-layer">
      {placed.map(({ one, at }) => (
        // the list of near misses does the same by keyboard
        // biome-ignore lint/a11y/noStaticElementInteractions: a mark on the map, of a list that can be reached
        <g
          key={keyOf(one)}
          className="conflict-mark"
          transform={`translate(${at.x} ${at.y})`}
          opacity={one.criticalSecond <= second + 1 ? 1 : 0.6}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={() => replay(one)}
        >
          <title>{sentence(one)}</title>
          {one.severity === 'serious' ? (
            <path d="M0 -6L6 0L0 6L-6 0Z" fill={ink.fill} stroke={ink.edge} strokeWidth="1.5" />
          ) : (
            <>
              <path d="M0 -4.5L4.5 0L0 4.5L-4.5 0Z" fill="none" stroke={ink.edge} strokeWidth="3.5" />
              <path d="M0 -4.5L4.5 0L0 4.5L-4.5 0Z" fill="none" stroke={ink.fill} strokeWidth="1.5" />
            </>
          )}
        </g>
      ))}
      {now.map(({ one, at }) => {
        const words = `${one.type}, ${measureWords(one)}`;
        const width = 7 * words.length + 14;
        const left = Math.min(Math.max(at.x - width / 2, 4), Math.max(4, size.width - width - 4));
        const top = at.y > 70 ? at.y - 48 : at.y + 26;
        return (
          <g key={keyOf(one)} data-now={keyOf(one)} pointerEvents="none">
            <circle cx={at.x} cy={at.y} r="20" fill="none" stroke={ink.edge} strokeWidth="5" />
            <circle cx={at.x} cy={at.y} r="20" fill="none" stroke={ink.fill} strokeWidth="2.5" />
            {labelled.has(keyOf(one)) && (
              <>
                <rect x={left} y={top} width={width} height="22" rx="5" fill={ink.plate} stroke={ink.edge} />
                <text
                  x={left + width / 2}
                  y={top + 15}
                  textAnchor="middle"
                  fontSize="12.5"
                  fontWeight="600"
                  fill={ink.text}
                >
                  {words}
                </text>
              </>
            )}
          </g>
        );
      })}
    </g>
  );
});
