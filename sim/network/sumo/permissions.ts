/** SUMO's vehicle classes as bits, and the sets of classes a lane or connection lets in. */

/** In this order, one bit each. */
export const VEHICLE_CLASSES = [
  'private',
  'emergency',
  'authority',
  'army',
  'vip',
  'pedestrian',
  'passenger',
  'hov',
  'taxi',
  'bus',
  'coach',
  'delivery',
  'truck',
  'trailer',
  'motorcycle',
  'moped',
  'bicycle',
  'evehicle',
  'tram',
  'rail_urban',
  'rail',
  'rail_electric',
  'rail_fast',
  'ship',
  'custom1',
  'custom2',
] as const;

export type VehicleClass = (typeof VEHICLE_CLASSES)[number];

/** Every class. */
export const ALL_CLASSES = (1 << VEHICLE_CLASSES.length) - 1;

/** Names that older files use. */
const FORMER_NAMES: Readonly<Record<string, VehicleClass>> = {
  public_emergency: 'emergency',
  public_authority: 'authority',
  public_army: 'army',
  public_transport: 'bus',
  transport: 'truck',
  lightrail: 'tram',
  cityrail: 'rail_urban',
  rail_slow: 'rail',
  unknown: 'passenger',
  ignoring: 'passenger',
};

/** The class called `name`, also by a former name; null if there is none. */
export function vehicleClass(name: string): VehicleClass | null {
  if ((VEHICLE_CLASSES as readonly string[]).includes(name)) return name as VehicleClass;
  return FORMER_NAMES[name] ?? null;
}

export function classBit(name: VehicleClass): number {
  return 1 << VEHICLE_CLASSES.indexOf(name);
}

/** Bits of the named classes; `all` is every one. `unknown` is told of names that are none. */
function bitsOf(names: readonly string[], unknown: (name: string) => void): number {
  let bits = 0;
  for (const name of names) {
    if (name === 'all') return ALL_CLASSES;
    if (name === 'none') continue;
    const found = vehicleClass(name);
    if (found === null) unknown(name);
    else bits |= classBit(found);
  }
  return bits;
}

/**
 * Classes let in by attributes `allow` and `disallow`: if `allow` names any, exactly those; else all but those that
 * `disallow` names.
 */
export function permissions(
  allow: readonly string[],
  disallow: readonly string[],
  unknown: (name: string) => void,
): number {
  if (allow.length > 0) return bitsOf(allow, unknown);
  return ALL_CLASSES & ~bitsOf(disallow, unknown);
}
