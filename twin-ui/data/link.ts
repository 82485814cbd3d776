/** The link that reopens a run at a moment: `#run=…&t=…&view=…`. */
import type { ViewName } from './state.ts';

export interface Place {
  readonly run: string | null;
  readonly second: number | null;
  readonly view: ViewName;
}

const VIEWS: readonly ViewName[] = ['compare', 'signals', 'runs'];

export function readPlace(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const seconds = fields.get('t');
  const second = seconds !== null && /^\d{1,7}$/.test(seconds) ? Number(seconds) : null;
  const view = VIEWS.find((name) => name === fields.get('view')) ?? 'compare';
  return { run: fields.get('run') || null, second, view };
}

export function writePlace(place: Place): string {
  const fields = new URLSearchParams();
  if (place.run) fields.set('run', place.run);
  if (place.second !== null) fields.set('t', String(Math.floor(place.second)));
  if (place.view !== 'compare') fields.set('view', place.view);
  const text = fields.toString();
  return text ? `#${text}` : '';
}
