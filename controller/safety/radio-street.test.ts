import { describe, expect, it } from 'vitest';
import { carFromNorth, mapOf, walkerInTheEast } from '../service/testing-broadcasts.ts';
import { Radio } from './radio.ts';

const T0 = Date.UTC(2024, 0, 1, 8);

describe('the radio of a street', () => {
  const street = () => {
    const clock = { nowMs: T0 };
    const radio = new Radio({ clock: () => clock.nowMs });
    radio.takeMap(mapOf());
    return { clock, radio };
  };

  it('goes by when a message came, not by what its sender takes for the time', () => {
    const { clock, radio } = street();
    radio.take(carFromNorth(20, 10, T0 - 9_000_000));
    radio.take(walkerInTheEast(T0 + 86_400_000));
    clock.nowMs += 200;
    const picture = radio.picture(T0 - 60_000)!;
    expect(picture.atMs).toBe(T0 + 200);
    expect(picture.vehicles).toMatchObject([{ group: 1, metresPerSecond: 10 }]);
    expect(picture.vehicles[0]!.metres).toBeCloseTo(20, 1);
    expect(picture.people).toMatchObject([{ group: 9 }]);
  });

  it('forgets what is old, and of several messages of one sender takes the last', () => {
    const { clock, radio } = street();
    radio.take(carFromNorth(30, 10, T0));
    radio.take(carFromNorth(25, 11, T0));
    expect(radio.picture(T0)!.vehicles).toMatchObject([{ metresPerSecond: 11 }]);
    clock.nowMs += 100;
    expect(radio.picture(T0)!.vehicles).toHaveLength(1);
    clock.nowMs += 300;
    expect(radio.picture(T0)!.vehicles).toEqual([]);
  });

  it('drops what came before the clock was set back, and works on', () => {
    const { clock, radio } = street();
    radio.take(carFromNorth(30, 10, T0));
    clock.nowMs -= 3_600_000;
    expect(radio.picture(T0)!.vehicles).toEqual([]);
    radio.take(carFromNorth(28, 10, T0));
    expect(radio.picture(T0)!.vehicles).toHaveLength(1);
  });

  it('takes up another revision of the MAP', () => {
    const { radio } = street();
    radio.takeMap(mapOf(2, 5));
    radio.take(carFromNorth(20, 10, T0));
    expect(radio.picture(T0)!.vehicles).toMatchObject([{ group: 5 }]);
  });

  it('keeps as many messages as it may, the newest, whatever is sent', () => {
    const { radio } = street();
    const other = carFromNorth(60, 9, T0);
    for (let i = 0; i < 50_000; i++) radio.take(i % 7 === 0 ? null : { nonsense: i });
    radio.take(other);
    for (let i = 0; i < 5000; i++) radio.take({ nonsense: i });
    expect(radio.picture(T0)!.vehicles).toMatchObject([{ metresPerSecond: 9 }]);
    expect(radio.heard).toBe(55_001);
  });

  it('knows nothing before the lanes', () => {
    const radio = new Radio({ clock: () => T0 });
    radio.take(carFromNorth(20, 10, T0));
    expect(radio.knowsLanes).toBe(false);
    expect(radio.picture(T0)).toBeNull();
  });
});

describe('the radio of a simulation', () => {
  it('goes by what messages say: all have one clock', () => {
    const radio = new Radio();
    radio.takeMap(mapOf());
    radio.take(carFromNorth(20, 10, T0));
    expect(radio.picture(T0 + 100)!.vehicles).toHaveLength(1);
    radio.take(carFromNorth(20, 10, T0));
    expect(radio.picture(T0 + 1000)!.vehicles).toEqual([]);
  });
});
