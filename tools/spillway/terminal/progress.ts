/** Shows what is being done, on stderr: a bar where there is a terminal, a line a step where there is none. */
import { stderr } from "node:process";
import { Presets, SingleBar } from "cli-progress";

/** A note may come while a bar stands on the line. */
const CLEAR_LINE = "\r\x1b[2K";

export interface Progress {
  /** Something people should know, said once. */
  note(line: string): void;
  /** `advance` counts one of `parts` done. A step of one part has no bar. */
  step<T>(what: string, parts: number, work: (advance: () => void) => Promise<T>): Promise<T>;
}

export const silent: Progress = { note: () => {}, step: (_what, _parts, work) => work(() => {}) };

export function stderrProgress(): Progress {
  return {
    note: (line) => console.error(`${stderr.isTTY ? CLEAR_LINE : ""}  ${line}`),
    step: stderr.isTTY ? stepOnTerminal : stepInLog,
  };
}

async function stepInLog<T>(what: string, _parts: number, work: (advance: () => void) => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  console.error(`… ${what}`);
  const result = await work(() => {});
  console.error(`✓ ${what} (${seconds(startedAtMs)})`);
  return result;
}

async function stepOnTerminal<T>(what: string, parts: number, work: (advance: () => void) => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  const bar = parts > 1 ? startBar(what, parts) : null;
  if (bar === null) stderr.write(`… ${what}`);
  const end = (mark: string) => {
    bar?.stop();
    stderr.write(`${CLEAR_LINE}${mark} ${what} (${seconds(startedAtMs)})\n`);
  };
  try {
    const result = await work(() => bar?.increment());
    end("✓");
    return result;
  } catch (error) {
    end("✗");
    throw error;
  }
}

function startBar(what: string, parts: number): SingleBar {
  const options = {
    stream: stderr,
    format: `… ${what} {bar} {value}/{total}`,
    barsize: 24,
    clearOnComplete: true,
    // Otherwise an interruption would leave the terminal without line wrap.
    linewrap: true,
  };
  const bar = new SingleBar({ ...options, gracefulExit: false }, Presets.rect);
  bar.start(parts, 0);
  return bar;
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** A bar on a terminal, a line per step in a log; both on stderr. */

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

/** Shows what is being done and how long it took, one line a step. */

export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  // On a terminal the line is rewritten when the step ends; in a log each state is a line of its own.
  if (stderr.isTTY) stderr.write(`  … ${what}`);
  try {
    const result = await work();
    stderr.write(`${stderr.isTTY ? "\r\x1b[2K" : ""}  ✓ ${what} (${secondsSince(startedAtMs)})\n`);
    return result;
  } catch (error) {
    stderr.write(`${stderr.isTTY ? "\r\x1b[2K" : ""}  ✗ ${what} (${secondsSince(startedAtMs)})\n`);
    throw error;
  }
}

function secondsSince(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}
