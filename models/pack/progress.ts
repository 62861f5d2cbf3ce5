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
