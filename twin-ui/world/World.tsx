/** One world from above: ground, vehicles and signal heads, drawn at the playhead. */
import {
  type PointerEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Drawing } from '../../runs/types.ts';
import { capacityFor, INSTANCE_FLOATS, interpolate, peopleCount, vehicleCount } from '../playback/interpolate.ts';
import { type Player, usePosition } from '../playback/player.ts';
import { type Camera, panned, type Size, useView, type View, zoomed } from './camera.ts';
import { classSizes } from './classes.ts';
import { approachEnds } from './geometry.ts';
import { GROUND_COLOURS, type Ground, paintGround } from './ground.ts';
import { OVERLAY_COLOURS, SignalHeads } from './SignalHeads.tsx';
import { composePicture, saveCanvas } from './save-picture.ts';
import { createCanvasLayer } from './vehicles-canvas.ts';
import { createWebglLayer, type VehicleLayer } from './vehicles-webgl.ts';

export interface WorldHandle {
  savePicture(title: string, fileName: string): Promise<void>;
}

interface Props {
  readonly ref?: Ref<WorldHandle>;
  readonly player: Player;
  readonly camera: Camera;
  readonly drawing: Drawing;
  readonly ground: Ground;
  readonly variant: string;
  readonly theme: 'dark' | 'light';
  readonly trueColours: boolean;
  readonly fullQueue: number;
  /** What it shows at this moment, for those who do not see it. */
  readonly description: string;
  /** More to draw above the street, in the same picture. */
  readonly overlay?: (view: View, size: Size) => ReactNode;
}

export function World(props: Props) {
  const { player, camera, drawing, ground, variant, theme, trueColours, fullQueue, description } = props;
  const view = useView(camera);
  const { second } = usePosition(player);
  const box = useRef<HTMLDivElement>(null);
  const groundCanvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [withoutWebgl, setWithoutWebgl] = useState(false);
  const ends = useMemo(() => approachEnds(drawing), [drawing]);
  const layer = useRef<VehicleLayer | null>(null);
  const shownSize = useRef(size);
  const repaint = useRef<() => void>(() => {});

  useEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const canvas = groundCanvas.current;
    const context = canvas?.getContext('2d');
    if (!canvas || !context || size.width === 0) return;
    const deviceScale = window.devicePixelRatio || 1;
    canvas.width = Math.round(size.width * deviceScale);
    canvas.height = Math.round(size.height * deviceScale);
    paintGround(context, ground, view, size, deviceScale, GROUND_COLOURS[theme]);
  }, [ground, view, size, theme]);

  useEffect(() => {
    const element = box.current!;
    const sizes = classSizes(drawing);
    const made = withoutWebgl ? null : createWebglLayer(sizes, () => setWithoutWebgl(true));
    const vehicles = made ?? createCanvasLayer(sizes);
    vehicles.canvas.className = 'world-vehicles';
    groundCanvas.current!.after(vehicles.canvas);
    vehicles.resize(shownSize.current, window.devicePixelRatio || 1);
    layer.current = vehicles;
    element.dataset.renderer = made ? 'webgl2' : 'canvas2d';
    let instances = new Float32Array(0);
    let count = 0;
    const paint = (): void => {
      const pair = player.pair(variant);
      if (pair) {
        const needed = capacityFor(pair.first, pair.next);
        if (instances.length < needed) instances = new Float32Array(needed * 2 + INSTANCE_FLOATS);
        count = interpolate(pair.first, pair.next, pair.share, instances);
        element.dataset.second = String(pair.first.second);
        element.dataset.vehicles = String(vehicleCount(pair.first));
        element.dataset.people = String(peopleCount(pair.first));
      }
      if (shownSize.current.width > 0) vehicles.paint(instances, count, camera.get(), shownSize.current);
    };
    repaint.current = paint;
    const removePainter = player.addPainter((_, changed) => {
      if (changed) paint();
    });
    const removeCamera = camera.subscribe(paint);
    paint();
    return () => {
      removePainter();
      removeCamera();
      vehicles.close();
      layer.current = null;
    };
  }, [player, camera, drawing, variant, withoutWebgl]);

  useEffect(() => {
    shownSize.current = size;
    layer.current?.resize(size, window.devicePixelRatio || 1);
    repaint.current();
  }, [size]);

  useImperativeHandle(props.ref, () => ({
    async savePicture(title, fileName) {
      if (!groundCanvas.current || !layer.current) return;
      repaint.current();
      const colours = { background: GROUND_COLOURS[theme].ground, text: OVERLAY_COLOURS[theme].text };
      const overlay = box.current?.querySelector<SVGSVGElement>('svg.world-overlay') ?? null;
      await saveCanvas(
        await composePicture(title, [groundCanvas.current, layer.current.canvas], overlay, colours),
        fileName,
      );
    },
  }));

  const drag = useDrag(camera, size, box);
  return (
    <div ref={box} className="world" data-testid={`world-${variant}`} role="img" aria-label={description} {...drag}>
      <canvas ref={groundCanvas} className="world-ground" />
      {size.width > 0 && (
        <SignalHeads
          drawing={drawing}
          ends={ends}
          frame={player.frame(variant, second)}
          view={view}
          size={size}
          theme={theme}
          trueColours={trueColours}
          fullQueue={fullQueue}
        >
          {props.overlay?.(view, size)}
        </SignalHeads>
      )}
    </div>
  );
}

/** Dragging moves all worlds; the wheel with Ctrl (or a pinch on a touchpad) zooms, so that the page still scrolls. */
function useDrag(camera: Camera, size: Size, box: { current: HTMLDivElement | null }) {
  const from = useRef<{ x: number; y: number } | null>(null);
  useEffect(() => {
    const element = box.current!;
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      camera.set(zoomed(camera.get(), Math.exp(-event.deltaY * 0.004)));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [camera, box]);
  return {
    onPointerDown: (event: PointerEvent<HTMLDivElement>): void => {
      if (event.pointerType === 'touch' || event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      from.current = { x: event.clientX, y: event.clientY };
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>): void => {
      if (!from.current) return;
      camera.set(panned(camera.get(), size, event.clientX - from.current.x, event.clientY - from.current.y));
      from.current = { x: event.clientX, y: event.clientY };
    },
    onPointerUp: (): void => {
      from.current = null;
    },
  };
}
