/** A junction that a controller of streets holds: what was read of it, its mode, and what its lamps last showed. */
import { isDeepStrictEqual } from 'node:util';
import { msOf } from '../../feeds/codec.ts';
import type { ConfigurationMessage, Message, ModeMessage } from '../../feeds/messages.ts';
import type { JunctionState } from './junction-state.ts';
import type { ModeState } from './modes.ts';

/** A junction from when it is ours until it is not. */
export interface Held {
  readonly state: JunctionState;
  phase: 'reading' | 'active' | 'refused';
  mode: ModeState;
  modeSeq: number;
  /** After an emergency: the stage that comes before the strategy takes over again, and until when at most. */
  exit: { readonly stageId: string; readonly untilMs: number } | null;
  /** By signal group: when it was last seen green, or has been watched since. */
  readonly greenMs: number[];
  shown: Pick<Message<'lamps'>, 'stage' | 'lamps'> | null;
  /** What was retained, while it is read. */
  configuration: ConfigurationMessage | null;
  retainedMode: ModeMessage | null;
  unsubscribe: (() => Promise<void>) | null;
}

/** Why a junction that has configuration `there` cannot be commanded by `own`; null: it can. */
export function versionProblem(own: ConfigurationMessage, there: ConfigurationMessage): string | null {
  if (there.version > own.version) {
    return `its devices have configuration version ${there.version}, this controller has ${own.version}. Give the controller the newer one.`;
  }
  if (there.version === own.version && !isDeepStrictEqual(there, own)) {
    return `another configuration of the same version ${own.version} is in force. Raise the version of the one that is right.`;
  }
  return null;
}

/** Keeps when each group was last green. */
export function seeLamps(one: Held, { stage, lamps }: Message<'lamps'>, nowMs: number): void {
  one.shown = { stage, lamps };
  one.state.configuration.signalGroups.forEach(({ id }, g) => {
    if (lamps[id] === 'green') one.greenMs[g] = nowMs;
  });
}

/** The stage runs, and its vehicles have green. */
export function isGreen({ shown, state: { configuration } }: Held, stageId: string): boolean {
  const stage = configuration.stages.find(({ id }) => id === stageId);
  if (shown === null || stage === undefined || shown.stage !== stageId) return false;
  return configuration.signalGroups.every(
    ({ id, kind }) => kind === 'pedestrian' || !stage.groups.includes(id) || shown.lamps[id] === 'green',
  );
}

export function stateOf({ mode, by, reason, until, stage }: ModeMessage): ModeState {
  return {
    mode,
    by,
    reason,
    untilMs: until === null ? null : msOf(until),
    ...(stage === undefined ? {} : { stageId: stage }),
  };
}
