/** Junctions by where they are (002, 003 FR-5): near a point, along a route, within a polygon. */
import type { Knex } from 'knex';

export interface Place {
  id: number;
  junctionId: string;
  name: string;
  latitude: number;
  longitude: number;
  /** Metres over the ground; null where nothing to measure from was given. */
  distanceMetres: number | null;
}

export interface Point {
  lat: number;
  lon: number;
}

const COLUMNS = 'intersection_number AS id, junction_id, junction_name AS name, latitude, longitude';

/** Within `radiusMetres` of a point, nearest first. By idx_intersections_geography. */
export const NEARBY_SQL = `SELECT ${COLUMNS}, ST_Distance(geometry::geography, p.point) AS distance
  FROM junctions, (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography AS point) p
  WHERE retired_at IS NULL AND ST_DWithin(geometry::geography, p.point, :radius) ORDER BY distance, id`;

/** Within `buffer` metres of a line of waypoints, in the order in which the route passes them. */
export const ROUTE_SQL = `SELECT ${COLUMNS}, ST_Distance(geometry::geography, r.route::geography) AS distance
  FROM junctions, (SELECT ST_GeomFromText(:route, 4326) AS route) r
  WHERE retired_at IS NULL AND ST_DWithin(geometry::geography, r.route::geography, :buffer)
  ORDER BY ST_LineLocatePoint(r.route, geometry), id`;

/** Within a polygon on the ground, its edges included; it may cross the antimeridian. By idx_intersections_geography. */
export const AREA_SQL = `SELECT ${COLUMNS}, NULL::double precision AS distance
  FROM junctions, (SELECT ST_GeomFromText(:area, 4326)::geography AS area) a
  WHERE retired_at IS NULL AND ST_Covers(a.area, geometry::geography) ORDER BY id`;

export async function nearbyJunctions(trx: Knex, point: Point, radiusMetres: number): Promise<Place[]> {
  return places(await trx.raw(NEARBY_SQL, { ...point, radius: radiusMetres }));
}

export const routeText = (waypoints: readonly Point[]): string =>
  `LINESTRING(${waypoints.map(({ lat, lon }) => `${lon} ${lat}`).join(',')})`;

/** `waypoints`: two or more. */
export async function junctionsAlong(trx: Knex, waypoints: readonly Point[], bufferMetres: number): Promise<Place[]> {
  return places(await trx.raw(ROUTE_SQL, { route: routeText(waypoints), buffer: bufferMetres }));
}

/** The corners of a ring: without those that repeat the one before, nor the last where it is the first again. */
export function cornersOf(ring: readonly Point[]): Point[] {
  return ring.filter(({ lat, lon }, n) => {
    const before = ring.at(n - 1) as Point;
    return lat !== before.lat || lon !== before.lon;
  });
}

/** The polygon of a ring. */
export function areaText(ring: readonly Point[]): string {
  const corners = cornersOf(ring);
  return `POLYGON((${[...corners, corners[0] as Point].map(({ lat, lon }) => `${lon} ${lat}`).join(',')}))`;
}

/** `ring`: of three corners or more (`cornersOf`). */
export async function junctionsWithin(trx: Knex, ring: readonly Point[]): Promise<Place[]> {
  return places(await trx.raw(AREA_SQL, { area: areaText(ring) }));
}

function places(answer: { rows: unknown[] }): Place[] {
  return (answer.rows as Record<string, never>[]).map((row) => ({
    id: row.id,
    junctionId: row.junction_id,
    name: row.name,
    latitude: row.latitude,
    longitude: row.longitude,
    distanceMetres: row.distance,
  }));
}
