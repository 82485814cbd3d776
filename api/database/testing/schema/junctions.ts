import { describe, expect, it } from 'vitest';
import { freeNumber, index, oneOf, refused, rowsOf, type SchemaTrial } from './trial.ts';

export function junctionsAndPeople(trial: SchemaTrial): void {
  describe('intersections', () => {
    it('are junctions: written through the view, with the point in step', async () => {
      const id = freeNumber();
      await trial.knex('intersections').insert({ id, name: 'Glebe & Fairfax', latitude: 38.86, longitude: -77.05 });
      const read = () =>
        oneOf<{ point: string }>(
          trial.knex,
          'SELECT id, name, latitude, longitude, ST_AsText(geometry) AS point, lane_count, revision, metadata FROM intersections WHERE id = ?',
          [id],
        );
      expect(await read()).toEqual({
        id,
        name: 'Glebe & Fairfax',
        latitude: 38.86,
        longitude: -77.05,
        point: 'POINT(-77.05 38.86)',
        lane_count: null,
        revision: null,
        metadata: null,
      });
      await trial
        .knex('intersections')
        .where({ id })
        .update({ lane_count: 14, revision: 3, metadata: '{"a":1}', latitude: 39 });
      expect(await read()).toMatchObject({
        point: 'POINT(-77.05 39)',
        lane_count: 14,
        revision: 3,
        metadata: { a: 1 },
      });
      await trial.knex.raw("UPDATE intersections SET geometry = 'SRID=4326;POINT(10 50)' WHERE id = ?", [id]);
      expect(await read()).toMatchObject({ latitude: 50, longitude: 10, point: 'POINT(10 50)' });
      expect(await trial.knex('junctions').where({ intersection_id: id }).pluck('junction_name')).toEqual([
        'Glebe & Fairfax',
      ]);
      expect(
        await rowsOf(
          trial.knex,
          `SELECT id FROM intersections WHERE ST_DWithin(geometry::geography, ST_SetSRID(ST_MakePoint(10, 50.001), 4326)::geography, 200)`,
        ),
      ).toEqual([{ id }]);
      expect(await trial.knex('intersections').where({ id }).del()).toBe(1);
      expect(await read()).toBeUndefined();
    });

    it('refuse a taken number, a missing place, and places that are none', async () => {
      const id = freeNumber();
      const insert = (changes: object) =>
        trial.knex('intersections').insert({ id, name: 'X', latitude: 1, longitude: 2, ...changes });
      await insert({});
      await refused(insert({}), '23505');
      await refused(insert({ id: freeNumber(), latitude: null }), '23502');
      await refused(insert({ id: freeNumber(), latitude: 91 }), '23514');
    });

    it('of another region with a taken J2735 number get a number of their own', async () => {
      const { junctionId, intersectionId } = await trial.makeJunction();
      const [other] = await trial
        .knex('junctions')
        .insert({ junction_name: 'Far away', intersection_id: intersectionId, region: 7 })
        .returning(['junction_id', 'intersection_number']);
      expect(other.intersection_number).toBeGreaterThan(65_535);
      await trial.knex('safety_indices_realtime').insert([
        { ...index(1), junction_id: junctionId },
        { ...index(1), junction_id: other.junction_id },
      ]);
      expect(
        await trial
          .knex('safety_indices_realtime')
          .whereIn('junction_id', [junctionId, other.junction_id])
          .orderBy('id')
          .pluck('intersection_id'),
      ).toEqual([intersectionId, other.intersection_number]);
    });
  });

  describe('junctions, people and overrides', () => {
    it('have bounds: cycle times, time zones, names and levels', async () => {
      const { junctionId } = await trial.makeJunction();
      const update = (changes: object) => trial.knex('junctions').where({ junction_id: junctionId }).update(changes);
      await refused(update({ min_cycle_time: 130 }), '23514');
      await refused(update({ time_zone: 'Mars/Olympus' }), '23514', /Mars\/Olympus/);
      await update({ time_zone: 'Asia/Kolkata' });
      const user = await trial.makeUser();
      const { username } = await trial.knex('users').where({ user_id: user }).first();
      await refused(trial.knex('users').insert({ username, email: 'x@y', password_hash: 'x' }), '23505');
      await refused(
        trial.knex('user_junction_access').insert({ user_id: user, junction_id: junctionId, access_level: 'owner' }),
        '23514',
      );
    });

    it('an override keeps the bounds of its junction, sums up, and ends', async () => {
      const { junctionId } = await trial.makeJunction();
      const user = await trial.makeUser();
      const example = {
        junction_id: junctionId,
        user_id: user,
        total_cycle_time: 180,
        north_lane_time: 40,
        south_lane_time: 50,
        east_lane_time: 60,
        west_lane_time: 30,
        reason: 'procession',
      };
      const insert = (changes: object = {}) =>
        trial
          .knex('manual_override_history')
          .insert({ ...example, ...changes })
          .returning('*');
      await refused(insert(), '23514', /total_cycle_time is 180 s.*max_cycle_time 120 s/);
      await trial.knex('junctions').where({ junction_id: junctionId }).update({ max_cycle_time: 180 });
      await refused(insert({ west_lane_time: 31 }), '23514', /greens/);
      const [made] = await insert();
      expect(made.expires_at.getTime()).toBeGreaterThan(made.override_start.getTime());
      await trial
        .knex('manual_override_history')
        .where({ override_id: made.override_id })
        .update({ override_end: trial.knex.raw("override_start + interval '90 seconds'") });
      const patterns = await rowsOf(
        trial.knex,
        `SELECT DATE(override_start) AS date, COUNT(*)::int AS override_count, AVG(duration_minutes) AS avg_duration
         FROM manual_override_history moh JOIN users u ON moh.user_id = u.user_id WHERE moh.junction_id = ?
         GROUP BY u.username, DATE(override_start) ORDER BY date DESC`,
        [junctionId],
      );
      expect(patterns).toMatchObject([{ override_count: 1, avg_duration: 1.5 }]);
    });

    it('health goes by the age of heartbeats, permissions by grants', async () => {
      const { junctionId, approaches } = await trial.makeJunction();
      const health = () =>
        oneOf(
          trial.knex,
          'SELECT total_devices, online_devices, health_status FROM v_junction_health WHERE junction_id = ?',
          [junctionId],
        );
      expect(await health()).toEqual({ total_devices: 0, online_devices: 0, health_status: 'Unknown' });
      const lane_id = approaches[0]!.id;
      const device = (device_type: string, minutes: number) =>
        trial.knex('edge_devices').insert({
          junction_id: junctionId,
          lane_id,
          device_type,
          status: 'online',
          last_heartbeat: new Date(Date.now() - minutes * 60_000),
        });
      await device('rfid_counter', 1);
      expect(await health()).toEqual({ total_devices: 1, online_devices: 1, health_status: 'Healthy' });
      await device('light_controller', 10);
      expect(await health()).toMatchObject({ total_devices: 2, health_status: 'Warning' });
      await refused(device('light_controller', 0), '23505');
      await trial.knex('edge_devices').where({ lane_id }).update({ last_heartbeat: null });
      expect(await health()).toMatchObject({ health_status: 'Critical' });
      const [user, admin] = [await trial.makeUser(), await trial.makeUser({ is_admin: true })];
      await trial.knex('user_junction_access').insert({ user_id: user, junction_id: junctionId });
      const permissions = (id: string) =>
        oneOf<{ junction_count: number; junction_ids: string[] }>(
          trial.knex,
          'SELECT * FROM v_user_permissions WHERE user_id = ?',
          [id],
        );
      expect(await permissions(user)).toMatchObject({ junction_count: 1, junction_ids: [junctionId] });
      const all = await oneOf<{ n: number }>(trial.knex, 'SELECT count(*)::int AS n FROM junctions');
      expect(await permissions(admin)).toMatchObject({ junction_count: all.n });
    });
  });
}
