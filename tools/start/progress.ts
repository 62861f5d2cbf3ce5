/** Shows what is being done and how long it took, one line a step. */
import { stderr } from "node:process";

export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  // On a terminal the line is rewritten when the step ends; in a log each state is a line of its own.
  if (stderr.isTTY) stderr.write(`  … ${what}`);
  try {
    const result = await work();
    stderr.write(`${stderr.isTTY ? "\r\x1b[2K" : ""}  ✓ ${what} (${seconds(startedAtMs)})\n`);
    return result;
  } catch (error) {
    stderr.write(`${stderr.isTTY ? "\r\x1b[2K" : ""}  ✗ ${what} (${seconds(startedAtMs)})\n`);
    throw error;
  }
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}
