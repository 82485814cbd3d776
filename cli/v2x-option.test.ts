import { describe, expect, it } from 'vitest';
import { parseV2x } from './v2x-option.ts';

describe('--v2x', () => {
  it('alone is everybody; with a number, that share of vehicles and people', () => {
    expect(parseV2x(undefined)).toBeUndefined();
    expect(parseV2x(true)).toMatchObject({ share: 1, pedestrianShare: 1, dropoutShare: 0, idRotationSeconds: null });
    expect(parseV2x('0.4')).toMatchObject({ share: 0.4, pedestrianShare: 0.4 });
  });

  it('takes each setting by its name', () => {
    expect(parseV2x('share=0.4,people=0.2,dropout=0.05,noise=1.5,rotation=300,range=250')).toEqual({
      share: 0.4,
      pedestrianShare: 0.2,
      dropoutShare: 0.05,
      positionNoiseMetres: 1.5,
      idRotationSeconds: 300,
      rangeMetres: 250,
      singly: false,
    });
  });

  it.each(['1.5', 'share=2', 'noise=-1', 'case.sumocfg', 'speed=3', 'rotation=5', ''])('refuses %j', (text) => {
    expect(() => parseV2x(text)).toThrow(/--v2x/);
  });
});
