import { expect, it } from 'vitest';
import { createEngine } from './engine.ts';
import { car, oneRoute, straightRoad } from './testing.ts';

it('refuses a demand of which some classes move as in CityFlow and others do not, and says what to do', () => {
  const demand = oneRoute([0, 5]);
  const truck = { ...car, name: 'truck', model: 'cityflow' as const };
  const mixed = () =>
    createEngine(straightRoad([500]), { ...demand, classes: [car, truck] }, { stepSeconds: 1, seed: 1 });
  expect(mixed).toThrow(/Class truck moves as in CityFlow and others do not\. Give all classes the model cityflow, or/);
  const alike = createEngine(straightRoad([500]), { ...demand, classes: [truck] }, { stepSeconds: 1, seed: 1 });
  for (let k = 0; k < 10; k++) alike.step();
  expect(alike.state.activeCount).toBe(2);
});
