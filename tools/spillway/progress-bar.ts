/** A bar on a terminal, a line per step in a log; both on stderr. */
import { stderr } from "node:process";
import { Presets, SingleBar } from "cli-progress";

export interface ProgressBar {
  /** `done` of `total`, in any unit, and what is being done. */
  update(done: number, total: number, what: string): void;
  stop(): void;
}

export function progressBar(title: string): ProgressBar {
  if (!stderr.isTTY) {
    let last = "";
    return {
      update: (_, __, what) => {
        if (what !== last) console.error(`  … ${title}: ${what}`);
        last = what;
      },
      stop: () => {},
    };
  }
  const bar = new SingleBar(
    { format: `  ${title} {bar} {percentage} % {what}`, hideCursor: true, clearOnComplete: true, stream: stderr },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update: (done, total, what) => {
      if (started) {
        bar.setTotal(total);
        bar.update(done, { what });
      } else bar.start(total, done, { what });
      started = true;
    },
    stop: () => bar.stop(),
  };
}
