/** What the shapes and colours mean, and how the street is shown. */
import { useMemo } from 'react';
import type { Drawing } from '../../runs/types.ts';
import { usePage } from '../frame/context.ts';
import { firstView, viewOfAll, viewOfJunction, zoomed } from '../world/camera.ts';
import { CLASS_LOOKS, type ClassLook, isShown } from '../world/classes.ts';

export function Legend({ drawing }: { drawing: Drawing }) {
  const { camera, trueColours, setTrueColours } = usePage();
  const looks = useMemo(() => CLASS_LOOKS.filter((look) => isShown(look, drawing)), [drawing]);
  return (
    <div className="legend">
      <ul aria-label="Vehicle classes">
        {looks.map((look) => (
          <li key={look.name} title={look.shape}>
            <ClassIcon look={look} />
            {look.title}
          </li>
        ))}
      </ul>
      <label className="check">
        <input type="checkbox" checked={trueColours} onChange={(event) => setTrueColours(event.target.checked)} />
        True lamp colours
      </label>
      <fieldset className="zoom" aria-label="View of the street">
        {drawing.junctions.length > 1 &&
          drawing.junctions.map((junction, index) => (
            <button
              key={junction.id}
              type="button"
              className="small"
              onClick={() => camera.set(viewOfJunction(drawing, index))}
            >
              {junction.name}
            </button>
          ))}
        <button
          type="button"
          className="small"
          aria-label="Zoom out"
          onClick={() => camera.set(zoomed(camera.get(), 0.8))}
        >
          −
        </button>
        <button
          type="button"
          className="small"
          aria-label="Zoom in"
          onClick={() => camera.set(zoomed(camera.get(), 1.25))}
        >
          +
        </button>
        <button type="button" className="small" onClick={() => camera.set(firstView(drawing))}>
          Junction
        </button>
        <button type="button" className="small" onClick={() => camera.set(viewOfAll(drawing))}>
          All
        </button>
      </fieldset>
    </div>
  );
}

/** Facing right, as the vehicles are drawn on the road. */
function ClassIcon({ look }: { look: ClassLook }) {
  const isDot = look.name === 'pedestrian';
  const length = isDot ? 5 : Math.min(30, Math.max(10, look.lengthMetres * 2.6));
  const width = isDot ? 5 : Math.max(4, look.widthMetres * 3.4);
  const y = 6 - width / 2;
  const part = (from: number, to: number, fill = 'rgb(0 0 0 / 0.5)') => (
    <rect x={(0.5 + from) * length} y={y} width={(to - from) * length} height={width} fill={fill} />
  );
  return (
    <svg width={length} height="12" viewBox={`0 0 ${length} 12`} aria-hidden="true" className="class-icon">
      {look.name === 'rickshaw' ? (
        <path
          d={`M0 ${y}h${length / 2}l${length / 2} ${width / 4}v${width / 2}l${-length / 2} ${width / 4}H0z`}
          fill={look.colour}
        />
      ) : (
        <rect
          x="0"
          y={y}
          width={length}
          height={width}
          rx={
            ['bike', 'bicycle', 'pedestrian', 'cyclist'].includes(look.name) ? width / 2 : look.name === 'car' ? 2 : 0.8
          }
          fill={look.colour}
        />
      )}
      {look.name === 'car' && part(0.1, 0.24)}
      {look.name === 'car' && part(-0.36, -0.27)}
      {look.name === 'bus' && part(0.17, 0.25)}
      {look.name === 'bus' && part(-0.25, -0.17)}
      {look.name === 'lcv' && part(0.3, 0.42)}
      {look.name === 'truck' && part(0.24, 0.29)}
      {look.name === 'truck' && part(0.4, 0.5)}
      {look.name === 'rickshaw' && part(0.08, 0.22)}
      {look.name === 'emergency' && part(0.01, 0.1, '#f0503c')}
      {look.name === 'emergency' && part(0.1, 0.19, '#3373ff')}
    </svg>
  );
}
