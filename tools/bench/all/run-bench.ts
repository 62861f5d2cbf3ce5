/** Runs one bench as a user does, in a process with a time limit, and reads the JSON object that it prints as its last line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { parseJson } from "../../../formats/json.ts";
import type { Table } from "../../table.ts";

const tableSchema = z.object({
  title: z.string(),
  header: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number()]))),
});
/** Of the JSON object of any bench. */
export const printedSchema = z.object({ headline: tableSchema.nullable(), problem: z.string().nullable() });

export interface BenchRun {
  seconds: number;
  /** Null if the bench printed no result. */
  headline: Table | null;
  /** Why there is no result, or the promise that the result breaks; null if neither. */
  problem: string | null;
}

export interface RunLimits {
  /** Then the bench is asked to end. */
  maxMs: number;
  /** Then it is killed. */
  graceMs: number;
  /** Ends the bench, when the user stops all of them. */
  signal: AbortSignal;
}

/**
 * Runs the command to its end. Its standard error, the progress of a bench, goes to this process's too.
 * @param command the program and its arguments
 */
export async function runBench(
  [program = "", ...words]: readonly string[],
  { maxMs, graceMs, signal }: RunLimits,
): Promise<BenchRun> {
  const startedAtMs = performance.now();
  // The same process group: Ctrl-C in a terminal reaches the bench, which ends what it has started.
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr = lastLines(output.stderr + text);
    process.stderr.write(text);
  });
  let isLate = false;
  const timers: NodeJS.Timeout[] = [];
  const end = () => {
    child.kill("SIGTERM");
    timers.push(setTimeout(() => child.kill("SIGKILL"), graceMs));
  };
  const late = () => {
    isLate = true;
    end();
  };
  timers.push(setTimeout(late, maxMs));
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    const ended = await once(child, "close").catch((error: unknown) => error);
    if (!Array.isArray(ended))
      return { seconds: 0, headline: null, problem: `It could not be started: ${String(ended)}` };
    const [code] = ended;
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    if (isLate) return { seconds, headline: null, problem: `It was not done within ${maxMs / 1000} s.` };
    return { seconds, ...resultOf(output, code) };
  } finally {
    signal.removeEventListener("abort", end);
    for (const timer of timers) clearTimeout(timer);
  }
}

/** Enough for the message of an error, which is the end of what a bench prints. */
const MAX_KEPT_CHARACTERS = 4000;
const lastLines = (text: string) => text.slice(-MAX_KEPT_CHARACTERS);

function resultOf(
  { stdout, stderr }: { stdout: string; stderr: string },
  code: unknown,
): Pick<BenchRun, "headline" | "problem"> {
  const printed = printedSchema.safeParse(parseJson(stdout.trimEnd().split("\n").at(-1) ?? "")).data;
  if (printed === undefined) {
    const reason = stderr.trimEnd().split("\n").at(-1)?.trim() || "no output";
    return { headline: null, problem: `It ended with exit code ${String(code)}: ${reason}` };
  }
  const { headline, problem } = printed;
  // A bench that prints its result and fails while it ends has left something behind.
  if (code !== 0 && problem === null) return { headline, problem: `It ended with exit code ${String(code)}.` };
  return { headline, problem };
}
