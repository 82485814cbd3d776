import { describe, expect, it } from 'vitest';
import { observationsOf, type WeatherObservation, weatherAt } from './weather.ts';
import { TableFileError } from './table-file.ts';
import { readWeatherFile } from './weather-file.ts';

const J = '5f0c1f3e-3c47-5a0e-9a35-2b6f0c6f7a11';
const T0 = Date.UTC(2026, 4, 1, 8);
const of = (rainMillimetres: number) => ({
  rainMillimetres,
  visibilityMetres: 8000,
  windMetresPerSecond: 4,
  temperatureCelsius: 12,
});
const at = (minutes: number, rain: number, junctionId: string | null = null): WeatherObservation => ({
  atMs: T0 + minutes * 60_000,
  junctionId,
  weather: of(rain),
});

describe('the weather of a minute', () => {
  it('is the latest that was observed, for an hour', () => {
    const all = [at(0, 1), at(30, 2), at(200, 9)];
    expect(weatherAt(all, T0 - 60_000)).toBeNull();
    expect(weatherAt(all, T0)).toEqual(of(1));
    expect(weatherAt(all, T0 + 29 * 60_000)).toEqual(of(1));
    expect(weatherAt(all, T0 + 30 * 60_000)).toEqual(of(2));
    expect(weatherAt(all, T0 + 89 * 60_000)).toEqual(of(2));
    expect(weatherAt(all, T0 + 90 * 60_000)).toBeNull();
  });

  it("is the junction's own rather than that of all, and never another junction's", () => {
    const all = [at(0, 1), at(0, 5, J), at(10, 7, 'another')];
    expect(weatherAt(observationsOf(all, J), T0 + 60_000)).toEqual(of(5));
    expect(weatherAt(observationsOf([...all].reverse(), J), T0 + 60_000)).toEqual(of(5));
    expect(weatherAt(observationsOf(all, 'third'), T0 + 11 * 60_000)).toEqual(of(1));
  });

  it('is one for all of it where a scenario has one', () => {
    expect(weatherAt(of(3), T0)).toEqual(of(3));
    expect(weatherAt(null, T0)).toBeNull();
  });
});

const mistakesOf = (text: string): readonly string[] => {
  try {
    readWeatherFile(text, 'w');
  } catch (error) {
    if (error instanceof TableFileError) return error.mistakes;
    throw error;
  }
  return [];
};

describe('a file of weather', () => {
  const head = 'timestamp,junction_id,precipitation_mm,visibility_m,wind_speed_ms,temperature_c';

  it('is CSV or JSON, and both say the same', () => {
    const csv = `${head}\n2026-05-01T08:30:00Z,${J},2,8000,4,12\r\n2026-05-01T10:00:00+02:00,,1,8000,4,12\n\n`;
    const json = JSON.stringify([
      {
        timestamp: '2026-05-01T08:30:00Z',
        junction_id: J,
        precipitation_mm: 2,
        visibility_m: 8000,
        wind_speed_ms: 4,
        temperature_c: 12,
      },
      {
        timestamp: '2026-05-01T08:00:00Z',
        precipitation_mm: 1,
        visibility_m: 8000,
        wind_speed_ms: 4,
        temperature_c: 12,
      },
    ]);
    expect(readWeatherFile(csv, 'w.csv')).toEqual([at(0, 1), at(30, 2, J)]);
    expect(readWeatherFile(json, 'w.json')).toEqual(readWeatherFile(csv, 'w.csv'));
  });

  it.each([
    ['a value that is no number', `${head}\n2026-05-01T08:30:00Z,,wet,8000,4,12`, '2:23 precipitation_mm is "wet"'],
    [
      'one out of bounds',
      `${head}\n2026-05-01T08:30:00Z,,1,8000,4,1200`,
      '2:32 temperature_c is "1200"; a number from -90 to 70',
    ],
    ['a missing one', `${head}\n2026-05-01T08:30:00Z,,1,,4,12`, '2:25 visibility_m is missing'],
    ['a time without zone', `${head}\n2026-05-01T08:30:00,,1,8000,4,12`, '2:1 timestamp is "2026-05-01T08:30:00"'],
    ['a day that is none', `${head}\n2026-13-01T08:30:00Z,,1,8000,4,12`, '2:1 timestamp is 2026-13-01'],
    ['a name for a UUID', `${head}\n2026-05-01T08:30:00Z,Main,1,8000,4,12`, '2:22 junction_id is "Main"'],
    ['too few values', `${head}\n2026-05-01T08:30:00Z,1`, '2:22 the line has 2 values, its head 6 columns.'],
    ['an unknown column', `${head},snow\n`, '1:81 there is no column "snow"'],
    ['a missing column', 'timestamp,precipitation_mm', '1:1 the column visibility_m is missing.'],
    ['nothing', '', '1:1 there is no column ""'],
    ['a head alone', head, '1:1 holds no row'],
    ['JSON that is none', '[{"timestamp": ]', '1:16 cannot be read'],
    ['JSON of something else', '[\n  7]', '2:3 an object with'],
    ['an unknown field', '[{"rain": 1}]', '1:3 there is no field "rain"'],
  ])('with %s is refused, and line and column are told', (_, text, told) => {
    expect(mistakesOf(text).join('\n')).toContain(told);
  });

  it('tells all mistakes at once, up to twenty', () => {
    const bad = `${head}\n${'x,,1,8000,4,12\n'.repeat(50)}`;
    expect(mistakesOf(bad)).toHaveLength(20);
    expect(() => readWeatherFile(bad, 'w.csv')).toThrow('... and 30 more');
  });
});
