import { describe, expect, it } from 'vitest';
import { crashHistoryFields, crashHistoryOf, readCrashFile } from './crash-file.ts';
import { TableFileError } from './table-file.ts';

const J = '5f0c1f3e-3c47-5a0e-9a35-2b6f0c6f7a11';
const HEAD =
  'junction_id,first_day,last_day,fatal,injury,damage,vehicles_per_day,prior_rate,prior_exposure,free_flow_speed,capacity_vehicles_per_hour';
const ROW = `${J},2021-01-01,2025-12-31,1,4,20,15000,0.8,10,13.9,3200`;

const mistakesOf = (rows: string): string => {
  try {
    readCrashFile(`${HEAD}\n${rows}`, 'c.csv');
  } catch (error) {
    if (error instanceof TableFileError) return error.mistakes.join('\n');
    throw error;
  }
  return '';
};

describe('a file of crash histories', () => {
  it('gives exposure in millions of vehicles', () => {
    const [row] = readCrashFile(`${HEAD}\n${ROW}`, 'c.csv');
    expect(row).toMatchObject({ junctionId: J, record: { history: { fatal: 1, injury: 4, damage: 20 } } });
    expect(row!.record.history.exposure).toBeCloseTo((1826 * 15_000) / 1e6, 9);
    expect(crashHistoryOf(crashHistoryFields(row!))).toEqual(row);
  });

  it.each([
    ['half a crash', ROW.replace(',4,', ',4.5,'), '2:62 injury is "4.5"; a whole number'],
    [
      'a day that is none',
      ROW.replace('2021-01-01', '2021-13-01'),
      'first_day is 2021-13-01, and there is no such day',
    ],
    ['an end before the begin', ROW.replace('2025-12-31', '2020-12-31'), 'last_day is 2020-12-31, before first_day'],
    ['no vehicles', ROW.replace('15000', '0'), 'vehicles_per_day is "0"; a number from 1'],
    ['a junction twice', `${ROW}\n${ROW}`, '3:1 junction_id is'],
  ])('with %s is refused, and line and column are told', (_, rows, told) => {
    expect(mistakesOf(rows)).toContain(told);
  });
});
