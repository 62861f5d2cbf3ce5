/** The progress of a command, on stderr: one line per step, with a bar on a terminal while a step of several parts runs. */
import { stderr } from "node:process";
import { Presets, SingleBar } from "cli-progress";
import { inWidth, visible } from "./safe-console.ts";
import { columnsOf, widthOf } from "./wrap.ts";

const CLEAR_LINE = "\r\x1b[2K";

/** Counts parts of a step as done: one, unless a number is given. */
export type Advance = (parts?: number) => void;

export interface Progress {
  /** Prints a line that users should see, above a bar that is on the screen. */
  note(line: string): void;
  /** Runs `work` as one step. A step of one part has no bar. @returns the result of `work`, and throws its error */
  step<T>(what: string, parts: number, work: (advance: Advance) => Promise<T>): Promise<T>;
}

/** Prints nothing. */
export const silent: Progress = { note: () => {}, step: (_what, _parts, work) => work(() => {}) };

/** @returns progress that is printed on stderr */
export function stderrProgress(): Progress {
  return { note: (line) => print(`  ${line}`), step: runStep };
}

/** Runs `work` as one step, with its line on stderr. @returns the result of `work`, and throws its error */
export function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  return runStep(what, 1, work);
}

async function runStep<T>(what: string, parts: number, work: (advance: Advance) => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  const bar = stderr.isTTY && parts > 1 ? startBar(what, parts) : null;
  // On a terminal the line is replaced when the step ends. In a log every state is a line.
  if (bar === null) stderr.write(stderr.isTTY ? onOneLine(`  … ${shown(what)}`, columnsOf(stderr)) : `  … ${what}\n`);
  const end = (mark: string) => {
    bar?.stop();
    print(`  ${mark} ${what} (${((performance.now() - startedAtMs) / 1000).toFixed(1)} s)`);
  };
  try {
    const result = await work((done = 1) => bar?.increment(done));
    end("✓");
    return result;
  } catch (error) {
    end("✗");
    throw error;
  }
}

function print(line: string): void {
  stderr.write(stderr.isTTY ? `${CLEAR_LINE}${inWidth(shown(line), columnsOf(stderr))}\n` : `${line}\n`);
}

/** A line that the terminal wraps could not be replaced. */
function onOneLine(text: string, columns: number | null): string {
  if (columns === null || widthOf(text) < columns) return text;
  let line = text;
  while (line !== "" && widthOf(line) > columns - 2) line = line.slice(0, -1);
  return `${line}…`;
}

/** A step may name a file or a stored text. */
function shown(text: string): string {
  return stderr.isTTY ? visible(text) : text;
}

function startBar(what: string, parts: number): SingleBar {
  const options = {
    stream: stderr,
    format: `  … ${shown(what)} {bar} {percentage} %`,
    barsize: 24,
    clearOnComplete: true,
    // Otherwise an interrupted command would leave the terminal without line wrap.
    linewrap: true,
    gracefulExit: false,
  };
  const bar = new SingleBar(options, Presets.rect);
  bar.start(parts, 0);
  return bar;
}
