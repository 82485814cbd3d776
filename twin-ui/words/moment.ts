/** A moment of a world in words: what the animation shows to those who see it. */
import type { Drawing } from '../../runs/types.ts';
import type { PackedFrame } from '../playback/interpolate.ts';
import { lampLook } from '../world/lamps.ts';
import { approachTitle, title } from './looks.ts';
import { count, fixed } from './numbers.ts';

export function momentWords(variant: string, drawing: Drawing, frame: PackedFrame | undefined): string {
  if (!frame) return `${title(variant)}: this moment is not here yet.`;
  const { counters } = frame;
  const traffic = `${title(variant)}: ${count(counters.running, 'vehicle')} on the road, ${counters.queued} queued, mean delay ${fixed(counters.delaySeconds, 1)} s.`;
  const approaches = drawing.approaches
    .map((approach, index) => `${approachTitle(approach.name)} ${counters.approachQueues[index] ?? 0}`)
    .join(', ');
  const { pedestrians } = counters;
  const people = pedestrians
    ? ` ${pedestrians.waiting} waiting to walk, ${pedestrians.crossing} on crossings, mean delay ${fixed(pedestrians.delaySeconds, 1)} s.`
    : '';
  return `${traffic}${people} Queued by approach: ${approaches}. ${stagesInWords(drawing, frame)}`;
}

function stagesInWords(drawing: Drawing, frame: PackedFrame): string {
  return drawing.junctions
    .map((junction, index) => {
      const [stage, secondsLeft] = frame.stages[index] ?? [-1, -1];
      const where = drawing.junctions.length > 1 ? `${junction.name}: ` : '';
      const name = junction.stages[stage]?.id;
      const left = secondsLeft >= 0 ? `, ${Math.ceil(secondsLeft)} s left` : '';
      const greens = junction.signalGroups
        .filter((_, group) => frame.lamps[index]?.[group] === 'g')
        .map((group) => group.id);
      const ambers = junction.signalGroups
        .filter((_, group) => frame.lamps[index]?.[group] === 'a')
        .map((group) => group.id);
      const lit = [
        greens.length > 0 ? `${lampLook('g').word}: ${greens.join(', ')}` : '',
        ambers.length > 0 ? `${lampLook('a').word}: ${ambers.join(', ')}` : '',
      ].filter(Boolean);
      return `${where}${name ? `Stage ${name}${left}` : 'Between stages'} (${lit.join('; ') || 'all red'}).`;
    })
    .join(' ');
}
