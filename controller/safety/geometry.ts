/** Rectangles that move. Plain numbers in and out: these run for every pair at every step. */

/** Whether two rectangles (centre, unit heading, half length, half width) overlap; touching is no overlap. */
export function overlap(
  ax: number,
  ay: number,
  ahx: number,
  ahy: number,
  aHalfLength: number,
  aHalfWidth: number,
  bx: number,
  by: number,
  bhx: number,
  bhy: number,
  bHalfLength: number,
  bHalfWidth: number,
): boolean {
  const dx = bx - ax;
  const dy = by - ay;
  const reach = aHalfLength + aHalfWidth + bHalfLength + bHalfWidth;
  if (dx > reach || dx < -reach || dy > reach || dy < -reach) return false;
  const cos = Math.abs(ahx * bhx + ahy * bhy);
  const sin = Math.abs(ahx * bhy - ahy * bhx);
  return (
    Math.abs(dx * ahx + dy * ahy) < aHalfLength + bHalfLength * cos + bHalfWidth * sin &&
    Math.abs(dx * ahy - dy * ahx) < aHalfWidth + bHalfLength * sin + bHalfWidth * cos &&
    Math.abs(dx * bhx + dy * bhy) < bHalfLength + aHalfLength * cos + aHalfWidth * sin &&
    Math.abs(dx * bhy - dy * bhx) < bHalfWidth + aHalfLength * sin + aHalfWidth * cos
  );
}

/**
 * Whether two outlines overlap within so many steps, if each goes on at its speed (`Ahead`: metres a step) and keeps turning
 * (`Turn`: sine of the angle a step).
 */
export function meetTurning(
  ax: number,
  ay: number,
  ahx: number,
  ahy: number,
  aAhead: number,
  aTurn: number,
  aHalfLength: number,
  aHalfWidth: number,
  bx: number,
  by: number,
  bhx: number,
  bhy: number,
  bAhead: number,
  bTurn: number,
  bHalfLength: number,
  bHalfWidth: number,
  steps: number,
): boolean {
  const aCos = Math.sqrt(1 - aTurn * aTurn);
  const bCos = Math.sqrt(1 - bTurn * bTurn);
  for (let i = 0; i < steps; i++) {
    ax += ahx * aAhead;
    ay += ahy * aAhead;
    const turnedX = ahx * aCos - ahy * aTurn;
    ahy = ahy * aCos + ahx * aTurn;
    ahx = turnedX;
    bx += bhx * bAhead;
    by += bhy * bAhead;
    const turnedBx = bhx * bCos - bhy * bTurn;
    bhy = bhy * bCos + bhx * bTurn;
    bhx = turnedBx;
    if (overlap(ax, ay, ahx, ahy, aHalfLength, aHalfWidth, bx, by, bhx, bhy, bHalfLength, bHalfWidth)) return true;
  }
  return false;
}

export const NO_CONFLICT = 0;
export const LONGITUDINAL = 1;
export const CROSSING = 2;

/** Result of `measurePair`; overwritten by each call. */
export const measured = {
  /** NO_CONFLICT, LONGITUDINAL (following or head-on) or CROSSING. */
  kind: NO_CONFLICT,
  /** True: the second of the arguments is ahead, or enters first. */
  secondLeads: false,
  ttcSeconds: 0,
  /** Gap or distance that the TTC was measured over, and the speed it closes at. */
  distanceMetres: 0,
  closingMetresPerSecond: 0,
  dracMetresPerSecond2: 0,
};

/** Sine below which two headings count as along one line: 30 degrees. */
const ALONG_SIN = 0.5;
/** Headings closer than about 6 degrees have no useful crossing point. */
const PARALLEL_SIN = 0.1;
const MIN_CLOSING = 0.1;

/** Deceleration that lets the one who enters first leave before the second arrives. */
function crossingDeceleration(distance: number, speed: number, firstLeavesSeconds: number): number {
  if (!(distance > 0)) return 0;
  const inTime = (2 * (speed * firstLeavesSeconds - distance)) / (firstLeavesSeconds * firstLeavesSeconds);
  const toStop = (speed * speed) / (2 * distance);
  return speed * firstLeavesSeconds > 2 * distance || !(inTime < toStop) ? toStop : inTime;
}

/**
 * Whether two users on straight courses at constant speed are on course for each other, and how far from it in time:
 * following and head-on gap / closing speed; crossing and merging, where the one that enters the conflict area first
 * leaves it after the other arrives, the other's distance / its speed. Writes `measured`.
 */
export function measurePair(
  ax: number,
  ay: number,
  ahx: number,
  ahy: number,
  av: number,
  aLength: number,
  aWidth: number,
  bx: number,
  by: number,
  bhx: number,
  bhy: number,
  bv: number,
  bLength: number,
  bWidth: number,
): void {
  measured.kind = NO_CONFLICT;
  const dx = bx - ax;
  const dy = by - ay;
  const cos = ahx * bhx + ahy * bhy;
  const cross = ahx * bhy - ahy * bhx;
  const sin = Math.abs(cross);
  const absCos = Math.abs(cos);
  if (sin < ALONG_SIN) {
    let along = dx * ahx + dy * ahy;
    // towards each other the faster one's course is looked along: who waits may face anywhere
    const bAhead = along >= 0 && !(cos < 0 && bv > av);
    let lateral: number;
    let gap: number;
    let closing: number;
    if (bAhead) {
      lateral = Math.abs(ahx * dy - ahy * dx) - (aWidth + bWidth * absCos + bLength * sin) / 2;
      gap = along - (aLength + bLength * absCos + bWidth * sin) / 2;
      closing = av - bv * cos;
    } else {
      along = -(dx * bhx + dy * bhy);
      if (along < 0) return;
      lateral = Math.abs(bhx * dy - bhy * dx) - (bWidth + aWidth * absCos + aLength * sin) / 2;
      gap = along - (bLength + aLength * absCos + aWidth * sin) / 2;
      closing = bv - av * cos;
    }
    if (lateral < 0) {
      if (gap < 0 || closing < MIN_CLOSING) return;
      measured.kind = LONGITUDINAL;
      measured.secondLeads = bAhead;
      measured.distanceMetres = gap;
      measured.closingMetresPerSecond = closing;
      measured.ttcSeconds = gap / closing;
      measured.dracMetresPerSecond2 = gap > 0 ? (0.5 * closing * closing) / gap : 0;
      return;
    }
    if (sin < PARALLEL_SIN || cos < 0) return;
  }
  const aTo = (dx * bhy - dy * bhx) / cross;
  const bTo = (dx * ahy - dy * ahx) / cross;
  const aExtent = (bWidth + aWidth * absCos) / (2 * sin) + aLength / 2;
  const bExtent = (aWidth + bWidth * absCos) / (2 * sin) + bLength / 2;
  const aOut = aTo + aExtent;
  const bOut = bTo + bExtent;
  if (aOut <= 0 || bOut <= 0) return;
  const aIn = Math.max(0, aTo - aExtent);
  const bIn = Math.max(0, bTo - bExtent);
  if (aIn === 0 && bIn === 0) return;
  const aArrives = aIn === 0 ? 0 : av > MIN_CLOSING ? aIn / av : Number.POSITIVE_INFINITY;
  const bArrives = bIn === 0 ? 0 : bv > MIN_CLOSING ? bIn / bv : Number.POSITIVE_INFINITY;
  const bFirst = bArrives < aArrives;
  const arrives = bFirst ? aArrives : bArrives;
  const leaves = bFirst
    ? bv > MIN_CLOSING
      ? bOut / bv
      : Number.POSITIVE_INFINITY
    : av > MIN_CLOSING
      ? aOut / av
      : Number.POSITIVE_INFINITY;
  if (arrives === Number.POSITIVE_INFINITY || leaves <= arrives) return;
  const distance = bFirst ? aIn : bIn;
  const speed = bFirst ? av : bv;
  measured.kind = CROSSING;
  measured.secondLeads = bFirst;
  measured.distanceMetres = distance;
  measured.closingMetresPerSecond = speed;
  measured.ttcSeconds = arrives;
  measured.dracMetresPerSecond2 = crossingDeceleration(distance, speed, leaves);
}

/** Change of velocity of the worse-off of two that stick together. */
export function deltaV(avx: number, avy: number, aMass: number, bvx: number, bvy: number, bMass: number): number {
  const dvx = bvx - avx;
  const dvy = bvy - avy;
  return (Math.sqrt(dvx * dvx + dvy * dvy) * Math.max(aMass, bMass)) / (aMass + bMass);
}
