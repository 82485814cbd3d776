/** Reads SUMO's demand: route files (`.rou.xml`) and what additional files hold of it. */
import { type DepartAttributes, readDepart, readFlow } from './depart.ts';
import type { SumoNet } from './net-types.ts';
import { Notices } from './notices.ts';
import type { SumoRoute, SumoRouteDistribution, SumoRoutes, SumoVehicle, SumoWay } from './route-types.ts';
import { defaultType, readVehicleType, type SumoTypeDistribution, type SumoVehicleType } from './vehicle-types.ts';
import { shortened, walkXml, type XmlElement } from './xml.ts';

const MOST_VEHICLES = 5_000_000;
/** Edges of all routes together. */
const MOST_ROUTE_EDGES = 30_000_000;
const MOST_EDGES_OF_ROUTE = 100_000;
const HARMLESS = ['param', 'carFollowing-Krauss'];
/** Of additional files: what only measures, is only drawn, or does nothing unless vehicles refer to it. */
const PASSIVE = [
  ...[
    'poly',
    'poi',
    'location',
    'taz',
    'tazs',
    'tazSource',
    'tazSink',
    'edgeData',
    'laneData',
    'timedEvent',
    'routeProbe',
  ],
  ...['inductionLoop', 'e1Detector', 'instantInductionLoop', 'laneAreaDetector', 'e2Detector', 'entryExitDetector'],
  ...['e3Detector', 'detEntry', 'detExit', 'busStop', 'trainStop', 'containerStop', 'parkingArea', 'parkingSpace'],
  ...['chargingStation', 'access'],
];

const REPORTING_DEVICES = [
  'tripinfo',
  'fcd',
  'emissions',
  'ssm',
  'vehroute',
  'routing',
  'btreceiver',
  'btsender',
  'example',
];

/** Elements whose absence would make the result false, and why. */
const MISSING: Readonly<Record<string, string>> = {
  person: 'people are not read, and would hold up turning traffic at crossings',
  personFlow: 'people are not read, and would hold up turning traffic at crossings',
  container: 'containers are not simulated',
  containerFlow: 'containers are not simulated',
  stop: 'vehicles do not stop on their way, and would not block their lane',
  rerouter: 'vehicles are not rerouted',
  variableSpeedSign: 'limits do not change',
  calibrator: 'flows are not calibrated',
  closingReroute: 'edges do not close',
  closingLaneReroute: 'lanes do not close',
  include: 'only files named by the configuration are read',
  vaporizer: 'vehicles are not taken out on their way',
  WAUT: 'signals keep one program',
  wautJunction: 'signals keep one program',
  interval: 'nothing changes by the time of day',
};

/** What a route file may refer to beyond itself: types and routes of files read before. */
export interface SumoRoutesContext {
  readonly types?: ReadonlyMap<string, SumoVehicleType | SumoTypeDistribution>;
  readonly routes?: ReadonlyMap<string, SumoRoute>;
  readonly routeDistributions?: ReadonlyMap<string, SumoRouteDistribution>;
}

/**
 * Reads the text of a route or additional file; `file` is its name for messages. Throws InputFileError for what is
 * malformed or refers to what is not there. Vehicles and flows that depart before one listed earlier are left out with a
 * notice, as SUMO leaves them out.
 */
export function readSumoRoutes(text: string, file: string, net: SumoNet, context: SumoRoutesContext = {}): SumoRoutes {
  const reader = new RouteReader(file, net, context);
  walkXml(text, file, ['routes', 'additional'], {
    open: (element) => reader.open(element),
    close: (element) => reader.close(element),
  });
  return reader.result();
}

interface PendingDistribution {
  readonly element: XmlElement;
  readonly names: string[];
  readonly weights: number[];
}

class RouteReader {
  private readonly file: string;
  private readonly net: SumoNet;
  private readonly notices = new Notices();
  private readonly types = new Map<string, SumoVehicleType>();
  private readonly typeDistributions = new Map<string, SumoTypeDistribution>();
  private readonly routes = new Map<string, SumoRoute>();
  private readonly routeDistributions = new Map<string, SumoRouteDistribution>();
  private readonly vehicles: SumoVehicle[] = [];
  private readonly ids = new Set<string>();
  private readonly outside: SumoRoutesContext;
  private distribution: PendingDistribution | null = null;
  private ownRoute: SumoRoute | null = null;
  private lastDepart = Number.NEGATIVE_INFINITY;
  private routeEdges = 0;

  constructor(file: string, net: SumoNet, outside: SumoRoutesContext) {
    this.file = file;
    this.net = net;
    this.outside = outside;
  }

  result(): SumoRoutes {
    const types = new Map<string, SumoVehicleType | SumoTypeDistribution>([...this.types, ...this.typeDistributions]);
    return {
      file: this.file,
      types,
      routes: this.routes,
      routeDistributions: this.routeDistributions,
      vehicles: this.vehicles,
      notices: this.notices.list(),
    };
  }

  open(element: XmlElement): void {
    switch (element.name) {
      case 'vType':
        this.vehicleType(element);
        break;
      case 'vTypeDistribution':
      case 'routeDistribution':
        this.distribution = { element, names: [], weights: [] };
        break;
      case 'route':
        this.route(element);
        break;
      case 'vehicle':
      case 'trip':
      case 'flow':
        this.ownRoute = null;
        break;
      default:
        this.other(element);
    }
  }

  close(element: XmlElement): void {
    if (element.name === 'vTypeDistribution' || element.name === 'routeDistribution') this.closeDistribution(element);
    else if (element.name === 'vehicle' || element.name === 'trip' || element.name === 'flow') this.vehicle(element);
  }

  private other(element: XmlElement): void {
    const where = `${element.file}:${element.line}`;
    const parent = element.parent?.name ?? '';
    if (
      ['person', 'personFlow', 'container', 'rerouter', 'calibrator', 'variableSpeedSign', 'tlLogic'].includes(parent)
    )
      return;
    if (element.name === 'param') this.parameter(element, where);
    if (HARMLESS.includes(element.name) || PASSIVE.includes(element.name)) return;
    // programs are read by `readSumoPrograms`
    if (element.name === 'tlLogic') return;
    const effect = MISSING[element.name];
    if (effect === undefined) this.notices.ignore(`<${element.name}>`, where, 'not read');
    else this.notices.falsify(`<${element.name}>`, where, effect);
  }

  /** Devices that change how vehicles drive; those that only report are no loss. */
  private parameter(element: XmlElement, where: string): void {
    const key = element.optional('key') ?? '';
    const device = /^has\.(\w+)\.device$/.exec(key)?.[1];
    if (device === undefined || REPORTING_DEVICES.includes(device)) return;
    if (['true', '1'].includes(element.optional('value') ?? ''))
      this.notices.falsify(`device ${device}`, where, 'vehicles have no such device here');
  }

  private vehicleType(element: XmlElement): void {
    const type = readVehicleType(element, this.notices);
    if (this.types.has(type.id)) element.refuse('is there twice', 'Give each vType its own id.');
    this.types.set(type.id, type);
    if (element.parent?.name === 'vTypeDistribution') {
      this.distribution!.names.push(type.id);
      this.distribution!.weights.push(element.number('probability', 0, 1e9, 1));
    }
  }

  private route(element: XmlElement): void {
    const names = element.words('edges');
    const repeat = element.integer('repeat', 0, 1_000_000, 0);
    if (names.length * Math.max(1, repeat) > MOST_EDGES_OF_ROUTE) {
      element.refuse(`is longer than ${MOST_EDGES_OF_ROUTE} edges`, 'Shorten it, or lower repeat.');
    }
    this.routeEdges += names.length * Math.max(1, repeat);
    if (this.routeEdges > MOST_ROUTE_EDGES) {
      element.refuse(
        `makes the routes longer than ${MOST_ROUTE_EDGES} edges in all`,
        'Shorten repeat, or split the file.',
      );
    }
    const owner = element.parent?.name;
    const owned = owner === 'vehicle' || owner === 'flow' || owner === 'trip';
    if (names.length === 0) {
      if (owner === 'routeDistribution' && element.has('refId')) {
        this.member(element, element.text('refId'));
        return;
      }
      element.refuse('has no edges', 'List the edges it goes along.');
    }
    const once = names.map((name) => this.edge(element, name));
    const edges = Array.from({ length: Math.max(1, repeat) }, () => once).flat();
    const id = owned
      ? ''
      : (element.optional('id') ?? (owner === 'routeDistribution' ? `!${this.routes.size}` : element.text('id')));
    const route: SumoRoute = { id, edges };
    if (owned) {
      this.ownRoute = route;
      return;
    }
    if (this.routes.has(id)) element.refuse('is there twice', 'Give each route its own id.');
    this.routes.set(id, route);
    if (owner === 'routeDistribution') this.member(element, id);
  }

  private member(element: XmlElement, id: string): void {
    this.distribution!.names.push(id);
    this.distribution!.weights.push(element.number('probability', 0, 1e9, 1));
  }

  private edge(element: XmlElement, name: string): number {
    const edge = this.net.edgeIndex.get(name);
    if (edge === undefined || this.net.edges[edge]!.function !== 'normal') {
      const lacks = edge === undefined ? 'does not have' : 'has inside a junction only';
      const owner = element.name === 'route' && element.parent?.has('id') ? `of ${element.parent.title} ` : '';
      element.refuse(
        `${owner}goes over edge "${shortened(name)}", which ${this.net.file} ${lacks}`,
        'Correct the name, or give the network that these routes were made for.',
      );
    }
    return edge;
  }

  private closeDistribution(element: XmlElement): void {
    const { names, weights } = this.distribution!;
    this.distribution = null;
    const isTypes = element.name === 'vTypeDistribution';
    const listed = element.words(isTypes ? 'vTypes' : 'routes');
    const given = element.words('probabilities');
    listed.forEach((name, i) => {
      names.push(name);
      weights.push(Number(given[i] ?? '1'));
    });
    if (names.length === 0) element.refuse('is empty', `List its ${isTypes ? 'vTypes' : 'routes'}.`);
    if (!weights.every((weight) => weight >= 0 && weight <= 1e9) || !weights.some((weight) => weight > 0)) {
      element.refuse(
        'has no probability above 0, or one that is no number',
        'Give each member a probability from 0 to 1.',
      );
    }
    const id = element.text('id');
    if (isTypes)
      this.typeDistributions.set(id, { id, types: names.map((name) => this.plainType(element, name)), weights });
    else this.routeDistributions.set(id, { id, routes: names.map((name) => this.namedRoute(element, name)), weights });
  }

  private namedRoute(element: XmlElement, id: string): SumoRoute {
    const route = this.routes.get(id) ?? this.outside.routes?.get(id);
    if (route === undefined) {
      element.refuse(`refers to route "${shortened(id)}", which does not come before it`, 'Define the route first.');
    }
    return route;
  }

  private plainType(element: XmlElement, id: string): SumoVehicleType {
    const type = this.type(element, id);
    if ('types' in type)
      element.refuse(`refers to "${shortened(id)}", itself a distribution`, 'List its types one by one.');
    return type;
  }

  private type(element: XmlElement, id: string): SumoVehicleType | SumoTypeDistribution {
    const type = this.types.get(id) ?? this.typeDistributions.get(id) ?? this.outside.types?.get(id);
    if (type !== undefined) return type;
    const standard = STANDARD_TYPES[id];
    if (standard !== undefined) return standard;
    return element.refuse(
      `refers to vType "${shortened(id)}", which does not come before it`,
      'Define the vType first.',
    );
  }

  private way(element: XmlElement): SumoWay {
    if (this.ownRoute !== null) return { kind: 'route', route: this.ownRoute };
    const id = element.optional('route');
    if (id !== null) {
      const distribution = this.routeDistributions.get(id) ?? this.outside.routeDistributions?.get(id);
      return distribution === undefined
        ? { kind: 'route', route: this.namedRoute(element, id) }
        : { kind: 'distribution', distribution };
    }
    if (!element.has('from') || !element.has('to')) {
      const zones = ['fromTaz', 'toTaz', 'fromJunction', 'toJunction', 'fromXY', 'toXY', 'fromLonLat', 'toLonLat'];
      const zone = zones.find((name) => element.has(name));
      element.refuse(
        zone === undefined ? 'has neither a route nor from and to' : `departs or arrives by ${zone}, which is not read`,
        'Give it a <route>, the id of a route, or the edges from and to.',
      );
    }
    const names = [element.text('from'), ...element.words('via'), element.text('to')];
    return { kind: 'trip', trip: { edges: names.map((name) => this.edge(element, name)) } };
  }

  private vehicle(element: XmlElement): void {
    const id = element.text('id');
    if (this.vehicles.length >= MOST_VEHICLES) {
      element.refuse(`is one of more than ${MOST_VEHICLES} vehicles`, 'Split the file, or run a part of its time.');
    }
    const isFlow = element.name === 'flow';
    const way = this.way(element);
    const type = this.type(element, element.optional('type') ?? 'DEFAULT_VEHTYPE');
    const depart: DepartAttributes = readDepart(element, this.notices);
    const departSeconds = isFlow ? element.seconds('begin', 0) : departTime(element);
    const flow = isFlow ? readFlow(element, departSeconds) : null;
    if (departSeconds < this.lastDepart) {
      this.notices.ignore(
        `<${element.name}> out of order`,
        `${element.file}:${element.line}`,
        'left out, as SUMO leaves out what departs before a vehicle listed earlier; sort the file by departure to have it',
      );
      return;
    }
    this.lastDepart = departSeconds;
    if (this.ids.has(id)) element.refuse('is there twice', 'Give each vehicle its own id.');
    this.ids.add(id);
    this.vehicles.push({
      id,
      type,
      way,
      departSeconds,
      ...depart,
      flow,
      where: `${element.file}:${element.line}`,
    });
  }
}

const STANDARD_TYPES: Readonly<Record<string, SumoVehicleType>> = {
  DEFAULT_VEHTYPE: defaultType('DEFAULT_VEHTYPE'),
  DEFAULT_BIKETYPE: defaultType('DEFAULT_BIKETYPE', 'bicycle'),
  DEFAULT_TAXITYPE: defaultType('DEFAULT_TAXITYPE', 'taxi'),
};

function departTime(element: XmlElement): number {
  const text = element.text('depart');
  if (text === 'now' || text === 'triggered' || text === 'containerTriggered' || text === 'split') {
    element.refuse(`has depart="${text}", which is not read`, 'Give the time of departure in seconds.');
  }
  const seconds = element.seconds('depart');
  if (seconds < 0) element.refuse(`has depart="${text}"; 0 or later`, 'Give the time of departure in seconds.');
  return seconds;
}
