import { expect, it } from 'vitest';
import { fromLocal, localFrame } from '../../feeds/v2x/local-frame.ts';
import type { V2xMessage } from '../../feeds/v2x/messages.ts';
import { Router } from './routing.ts';

it('gives each message to its junction: signals by id, road users by place', () => {
  const frame = localFrame(49, 8.4);
  const [latitude, longitude] = fromLocal(frame, 400, 0);
  const router = new Router([
    { junction: 'west', intersectionId: 1, frame },
    { junction: 'east', intersectionId: 2, frame: localFrame(latitude, longitude), radiusMetres: 200 },
    { junction: 'no id', intersectionId: null, frame: localFrame(50, 9) },
  ]);
  const at = (x: number) => {
    const [latitudeDegrees, longitudeDegrees] = fromLocal(frame, x, 0);
    return router.of({ kind: 'bsm', latitudeDegrees, longitudeDegrees } as V2xMessage);
  };
  expect([at(-299), at(190), at(210), at(590), at(610), at(-301)]).toEqual([
    ['west'],
    ['west'],
    ['east'],
    ['east'],
    [],
    [],
  ]);
  const spat = (...ids: number[]) =>
    router.of({ kind: 'spat', intersections: ids.map((id) => ({ key: { id } })) } as unknown as V2xMessage);
  expect([spat(1), spat(2, 1, 1), spat(3)]).toEqual([['west'], ['east', 'west'], []]);
  expect(router.of({ kind: 'psm', latitudeDegrees: null } as V2xMessage)).toEqual([]);
});
