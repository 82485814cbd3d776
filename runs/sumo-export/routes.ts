/** Writes vehicles as SUMO's `.rou.xml`: a type per class, and every vehicle with its departure, route and speed factor. */
import type { ClassParameters } from '../../sim/core.ts';
import { attribute, type ExportModel, type ExportNames, fixed, sumoId } from './model.ts';

/** SUMO's classes for ours; others are cars. */
const V_CLASS: Readonly<Record<string, string>> = {
  bus: 'bus',
  truck: 'truck',
  bike: 'motorcycle',
  emergency: 'emergency',
  lcv: 'delivery',
  bicycle: 'bicycle',
};

export function routesXml(model: ExportModel, names: ExportNames): string {
  const { network, demand } = model;
  const taken = new Set<string>();
  const types = demand.classes.map(({ name }) => sumoId(name, taken));
  const edges = network.routes.map((route) =>
    route.lanes.map((lanes) => names.edges[names.edgeOfLane[lanes[0]!]!]!.id).join(' '),
  );
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<routes>'];
  demand.classes.forEach((parameters, c) => {
    lines.push(typeXml(types[c]!, parameters, model.stepSeconds));
  });
  const used = [...new Set(demand.route)].sort((a, b) => a - b);
  for (const route of used) lines.push(`  <route id="r${route}" edges="${attribute(edges[route]!)}"/>`);
  for (let v = 0; v < demand.count; v++) {
    const depart = fixed(demand.departSeconds[v]!, 3);
    lines.push(
      `  <vehicle id="${v}" type="${types[demand.vehicleClass[v]!]}" route="r${demand.route[v]}" depart="${depart}" departLane="best" departSpeed="max" speedFactor="${fixed(demand.speedFactor[v]!, 4)}"/>`,
    );
  }
  lines.push('</routes>', '');
  return lines.join('\n');
}

/** SUMO's vehicles collide with a tau below the step. */
function typeXml(id: string, parameters: ClassParameters, stepSeconds: number): string {
  const { length, width, minGap, acceleration, deceleration, maxSpeed, timeHeadway, emissionClass, name } = parameters;
  const emission = emissionClass === '' ? '' : ` emissionClass="HBEFA3/${emissionClass}"`;
  return `  <vType id="${id}" vClass="${V_CLASS[name] ?? 'passenger'}" length="${fixed(length)}" width="${fixed(width)}" minGap="${fixed(minGap)}" accel="${fixed(acceleration, 3)}" decel="${fixed(deceleration, 3)}" maxSpeed="${fixed(maxSpeed, 3)}" tau="${fixed(Math.max(timeHeadway, stepSeconds), 3)}" speedFactor="1" speedDev="0"${emission}/>`;
}
