import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  at(second: number): void;
  /** A line for the user, above the bar; the same line only once. */
  note(text: string): void;
  end(): void;
}

const SECONDS = 'simulated {value} of {total} s';

/** A bar on standard error where that is a terminal, nothing elsewhere. `counted` says what `{value}` of `{total}` is. */
export function startProgress(total: number, quiet: boolean, counted = SECONDS): Progress {
  const noted = new Set<string>();
  const bar =
    process.stderr.isTTY && !quiet
      ? new SingleBar(
          {
            format: `{bar} {percentage} %  ${counted}  {eta_formatted} left`,
            stream: process.stderr,
            clearOnComplete: true,
            fps: 8,
          },
          Presets.shades_classic,
        )
      : null;
  bar?.start(total, 0);
  let ended = false;
  return {
    at: (second) => bar?.update(second),
    note(text) {
      if (noted.has(text)) return;
      noted.add(text);
      process.stderr.write(bar && !ended ? `\r\u001b[K${text}\n` : `${text}\n`);
    },
    end() {
      if (!ended) bar?.stop();
      ended = true;
    },
  };
}
