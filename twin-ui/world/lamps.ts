/** Lamp letters of `Frame.lamps` as colours, shapes and words. */

export type LampColour = 'red' | 'amber' | 'green';

export interface LampLook {
  /** Which of the three lenses are lit. */
  readonly lit: readonly LampColour[];
  readonly word: string;
}

const LOOKS: Record<string, LampLook> = {
  r: { lit: ['red'], word: 'red' },
  a: { lit: ['amber'], word: 'amber' },
  g: { lit: ['green'], word: 'green' },
  u: { lit: ['red', 'amber'], word: 'red and amber' },
  f: { lit: ['amber'], word: 'flashing amber' },
  d: { lit: [], word: 'dark' },
};

export const lampLook = (letter: string | undefined): LampLook => LOOKS[letter ?? 'd'] ?? LOOKS.d!;

/** Told apart under deuteranopia, on a dark housing. */
export const SAFE_COLOURS: Record<LampColour, string> = { red: '#f0503c', amber: '#ffd84d', green: '#35c7d9' };
/** As lamps are on the street. */
export const TRUE_COLOURS: Record<LampColour, string> = { red: '#ff2a1c', amber: '#ffb000', green: '#1fd655' };

export const LAMP_LETTERS: Record<LampColour, string> = { red: 'R', amber: 'A', green: 'G' };
