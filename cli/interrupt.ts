/** Ends a command in order on the first Ctrl-C (or SIGTERM), at once on the second. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The signal that came, e.g. `SIGINT`; null before. */
  readonly cause: NodeJS.Signals | null;
  /** Gives the signals back to Node. */
  release(): void;
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let cause: NodeJS.Signals | null = null;
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const handle = (signal: NodeJS.Signals) => {
    if (cause !== null) process.exit(130);
    cause = signal;
    controller.abort();
  };
  for (const signal of signals) process.on(signal, handle);
  return {
    signal: controller.signal,
    get cause() {
      return cause;
    },
    release() {
      for (const signal of signals) process.off(signal, handle);
    },
  };
}
