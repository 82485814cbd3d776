/** Numbers as the page writes them: a true minus sign, and an en dash for what is not known. */

export const NOT_KNOWN = '–';

/** `decimals` digits after the point; -0 is 0. */
export function fixed(value: number | undefined | null, decimals: number): string {
  if (value === undefined || value === null || !Number.isFinite(value)) return NOT_KNOWN;
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** With its sign: +1.2, −1.2, and 0.0 as it is. */
export function signed(value: number | undefined | null, decimals: number): string {
  const text = fixed(value, decimals);
  return value !== undefined && value !== null && value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** 12,345 */
export function whole(value: number | undefined | null): string {
  if (value === undefined || value === null || !Number.isFinite(value)) return NOT_KNOWN;
  return fixed(Math.round(value), 0).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1 vehicle, 2 vehicles */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${whole(value)} ${value === 1 ? one : many}`;
}
