/** Reads signal programs (`<tlLogic>`), of networks and of additional files, and says what they show when. */
import { InputFileError } from '../json.ts';
import { checkActuation, refusalOf } from './actuated.ts';
import type { SumoConnection, SumoNet, SumoPhase, SumoProgram } from './net-types.ts';
import { Notices } from './notices.ts';
import { plainNumber, walkXml, type XmlElement } from './xml.ts';

const STATES = 'rygGsuoO';
const MOST_PHASES = 10_000;
const PROGRAM_NOTICE = ' signal program';
/** Children of `<tlLogic>` and attributes of its phases that hold expressions. */
const EXPRESSIONS = ['condition', 'assignment', 'function'];
const EXPRESSION_ATTRIBUTES = ['earlyTarget', 'finalTarget', 'earliestEnd', 'latestEnd'];

type Draft = { -readonly [K in keyof SumoProgram]: SumoProgram[K] } & {
  phases: SumoPhase[];
  parameters: Record<string, string>;
};

export class ProgramReader {
  readonly byId = new Map<string, SumoProgram[]>();
  private current: Draft | null = null;

  /** Whether it takes an element: a `<tlLogic>`, or what decides on its lamps inside one. */
  static takes({ name, parent }: XmlElement): boolean {
    if (name === 'tlLogic' || name === 'phase') return true;
    return (name === 'param' || EXPRESSIONS.includes(name)) && parent?.name === 'tlLogic';
  }

  /** Takes such an element. */
  open(element: XmlElement): void {
    if (element.name === 'tlLogic') {
      this.program(element);
      return;
    }
    if (element.parent?.name !== 'tlLogic' || this.current === null) {
      element.refuse('stands outside a tlLogic', 'Put it inside its <tlLogic>.');
    }
    if (element.name === 'param') {
      Object.defineProperty(this.current.parameters, element.text('key'), {
        value: element.optional('value') ?? '',
        enumerable: true,
        configurable: true,
      });
      return;
    }
    if (EXPRESSIONS.includes(element.name)) this.current.expressions ??= `<${element.name}>`;
    else this.phase(element, this.current);
  }

  private program(element: XmlElement): void {
    const signal = element.text('id');
    const programId = element.optional('programID') ?? '0';
    this.current = {
      signal,
      programId,
      type: element.optional('type') ?? 'static',
      offsetSeconds: element.seconds('offset', 0),
      phases: [],
      parameters: {},
      where: `${element.file}:${element.line}`,
    };
    const others = this.byId.get(signal) ?? [];
    if (others.some((other) => other.programId === programId)) {
      element.refuse(
        `has programID="${programId}", which it already has`,
        'Give each program of a signal its own programID.',
      );
    }
    this.byId.set(signal, [...others, this.current]);
  }

  private phase(element: XmlElement, program: Draft): void {
    const state = element.text('state');
    const strange = [...state].find((character) => !STATES.includes(character));
    if (strange !== undefined) {
      element.refuse(
        `has the state "${strange}"; ${[...STATES].join(' ')} are known`,
        'Correct the state of this phase.',
      );
    }
    if (program.phases.length >= MOST_PHASES)
      element.refuse(`is one of more than ${MOST_PHASES}`, 'Shorten the program.');
    const before = program.phases[0];
    if (before !== undefined && before.state.length !== state.length) {
      element.refuse(
        `has ${state.length} states where the first phase of signal "${program.signal}" has ${before.state.length}`,
        'Give every phase one state a link index.',
      );
    }
    const durationSeconds = element.seconds('duration');
    if (!(durationSeconds >= 0 && durationSeconds <= 1e6)) {
      element.refuse(`lasts ${durationSeconds} s; 0 to 1000000`, 'Correct its duration.');
    }
    const expression = EXPRESSION_ATTRIBUTES.find((name) => element.has(name));
    if (expression !== undefined) program.expressions ??= expression;
    const minSeconds = this.bound(element, 'minDur', durationSeconds);
    const maxSeconds = this.bound(element, 'maxDur', durationSeconds);
    const next = element.words('next').map(plainNumber);
    const wrong = next.find((index) => !Number.isInteger(index));
    if (wrong !== undefined)
      element.refuse(`has next="${element.text('next')}"; indices of phases are needed`, 'Correct it.');
    program.phases.push({
      durationSeconds,
      state,
      minSeconds,
      maxSeconds: maxSeconds < minSeconds ? Math.max(minSeconds, durationSeconds) : maxSeconds,
      next: next.filter((index) => index >= 0),
      name: element.optional('name') ?? '',
    });
  }

  /** minDur or maxDur, the duration where it is absent. */
  private bound(element: XmlElement, name: string, durationSeconds: number): number {
    const seconds = element.seconds(name, durationSeconds);
    if (!(seconds >= 0 && seconds <= 1e9)) element.refuse(`has ${name} ${seconds}; 0 to 10^9 s`, 'Correct it.');
    return seconds;
  }
}

/** The network with the programs of an additional file, which come after its own: the last one is active. */
export function withPrograms(net: SumoNet, text: string, file: string): SumoNet {
  const reader = new ProgramReader();
  const notices = new Notices();
  walkXml(text, file, ['additional', 'routes', 'tlLogics'], {
    open(element) {
      if (ProgramReader.takes(element) && (element.name !== 'phase' || element.parent?.name === 'tlLogic'))
        reader.open(element);
    },
  });
  if (reader.byId.size === 0) return net;
  const programs = new Map(net.programs);
  for (const [id, list] of reader.byId) {
    const known = programs.get(id);
    if (known === undefined) {
      notices.ignore('<tlLogic> of no signal of the network', list[0]!.where, 'not used');
      continue;
    }
    const twice = list.find(({ programId }) => known.some((other) => other.programId === programId));
    if (twice !== undefined) {
      throw new InputFileError(
        twice.where,
        `<tlLogic id="${id}" programID="${twice.programId}">`,
        `is there already, at ${known.find(({ programId }) => programId === twice.programId)!.where}`,
        'Give it another programID.',
      );
    }
    programs.set(id, [...known, ...list]);
  }
  checkPrograms(programs, net.connections, net.file, notices);
  const others = net.notices.filter(({ what }) => !what.endsWith(PROGRAM_NOTICE));
  return { ...net, programs, notices: [...others, ...notices.list()] };
}

/** Throws InputFileError where a program has no time to cycle through, or too few states for the links it governs. */
export function checkPrograms(
  programs: ReadonlyMap<string, readonly SumoProgram[]>,
  connections: readonly SumoConnection[],
  netFile: string,
  notices: Notices,
): void {
  const most = new Map<string, SumoConnection>();
  for (const connection of connections) {
    if (connection.tl === null) continue;
    if (connection.linkIndex >= (most.get(connection.tl)?.linkIndex ?? 0)) most.set(connection.tl, connection);
  }
  for (const [signal, { line }] of most) {
    if (programs.has(signal)) continue;
    throw new InputFileError(
      `${netFile}:${line}`,
      `<connection tl="${signal}">`,
      `is governed by signal "${signal}", which has no <tlLogic>`,
      'Add its program, or remove tl and linkIndex from its connections.',
    );
  }
  for (const [signal, list] of programs) {
    for (const program of list) checkProgram(program, most.get(signal));
    const active = list.at(-1)!;
    const refusal = refusalOf(active);
    if (refusal !== null) notices.falsify(`${active.type}${PROGRAM_NOTICE}`, active.where, refusal);
  }
}

function checkProgram(program: SumoProgram, last: SumoConnection | undefined): void {
  const title = `<tlLogic id="${program.signal}" programID="${program.programId}">`;
  if (program.phases.length === 0) {
    throw new InputFileError(program.where, title, 'has no phase', 'Give it at least one <phase>.');
  }
  if (!(cycleSeconds(program) > 0)) {
    throw new InputFileError(program.where, title, 'has a cycle of 0 s', 'Give at least one phase a duration above 0.');
  }
  if (program.type === 'actuated') checkActuation(program);
  const states = program.phases[0]!.state.length;
  const count = program.phases.length;
  const wrong = program.phases.flatMap(({ next }) => next).find((index) => index >= count);
  if (wrong !== undefined) {
    throw new InputFileError(
      program.where,
      title,
      `has a phase with next="${wrong}", but only the phases 0 to ${count - 1}`,
      'Correct it.',
    );
  }
  if (last !== undefined && last.linkIndex >= states) {
    throw new InputFileError(
      program.where,
      title,
      `has ${states} states a phase, but the connection of line ${last.line} has linkIndex ${last.linkIndex}`,
      `Give every phase at least ${last.linkIndex + 1} states.`,
    );
  }
}

/** Sum of the phases' durations, s. */
export function cycleSeconds(program: SumoProgram): number {
  return program.phases.reduce((sum, phase) => sum + phase.durationSeconds, 0);
}

/**
 * Index of the phase that a static program shows at `timeSeconds`, counted from midnight of the file's clock and not
 * from the begin of the run: its position in the cycle is (time - offset) mod cycle. A phase begins at its own begin.
 */
export function programPhaseAt(program: SumoProgram, timeSeconds: number): number {
  const cycle = cycleSeconds(program);
  // SUMO counts milliseconds: times that differ by rounding errors are the same
  const shifted = Math.round((timeSeconds - program.offsetSeconds) * 1000) / 1000;
  let position = shifted - Math.floor(shifted / cycle) * cycle;
  for (let i = 0; i < program.phases.length; i++) {
    position -= program.phases[i]!.durationSeconds;
    if (position < -1e-7) return i;
  }
  return 0;
}

/** Seconds after `timeSeconds` until a static program shows its next phase. */
export function secondsToNextPhase(program: SumoProgram, timeSeconds: number): number {
  const cycle = cycleSeconds(program);
  const shifted = Math.round((timeSeconds - program.offsetSeconds) * 1000) / 1000;
  let position = shifted - Math.floor(shifted / cycle) * cycle;
  for (const { durationSeconds } of program.phases) {
    position -= durationSeconds;
    if (position < -1e-7) return -position;
  }
  return 0;
}

/** The state, one character a link index, that a static program shows at `timeSeconds`. */
export function programStateAt(program: SumoProgram, timeSeconds: number): string {
  return program.phases[programPhaseAt(program, timeSeconds)]!.state;
}
