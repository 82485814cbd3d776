/** What links and signal groups show, as character codes of SUMO's states. */
export const RED = 114;
export const RED_YELLOW = 117;
export const YELLOW = 121;

/** Capital letters have priority. */
export function majorState(code: number): boolean {
  return code >= 65 && code <= 90;
}
