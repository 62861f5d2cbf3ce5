/** One child process of `npm start` or a bench: its log file, its exit, its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolder } from "./make-folder.ts";
import { withoutRequestUrls } from "./without-urls.ts";

const STOP_GRACE_MS = 5000;
/** What a process printed last arrives after its exit. A process that it has started can keep the streams open for ever. */
const MAX_LAST_LINES_MS = 1000;
const LOG_TAIL_LINES = 15;

export interface Child {
  name: string;
  /** Also the id of its process group; null if it could not be started. */
  pid: number | null;
  /** Path of the file that receives its output. */
  logFile: string;
  /** Resolves when the process has exited, for whatever reason: "signal SIGKILL" or "exit code 1". */
  ended: Promise<string>;
  /** Rejects with one sentence and the end of the log when the child exits before `stop()` was called. */
  died: Promise<never>;
  /** Ends the child and every process it started. Resolves when they have exited. Calling it twice is safe. */
  stop(): Promise<void>;
}

/**
 * Starts a command in a process group and writes both of its streams to a log file, line by line and without the URLs of requests.
 * @param command the program and its arguments
 * @param logFile its folder is created where it is missing
 */
export async function startChild(
  name: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  logFile: string,
): Promise<Child> {
  await makeFolder(dirname(logFile));
  const log = createWriteStream(logFile, { flags: "a" });
  const [program = "", ...rest] = command;
  // A separate process group: wrangler starts workerd and esbuild, and all of them must end together.
  const child = spawn(program, rest, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const lastLines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      const kept = withoutRequestUrls(line);
      lastLines.push(kept);
      if (lastLines.length > LOG_TAIL_LINES) lastLines.shift();
      if (!log.writableEnded) log.write(`${kept}\n`);
    });
  }
  let stopped: Promise<void> | null = null;
  const closed = once(child, "close").catch(() => {});
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  const died = ended.then(async (how): Promise<never> => {
    if (stopped !== null) return new Promise<never>(() => {});
    await Promise.race([closed, sleep(MAX_LAST_LINES_MS)]);
    throw new Error(`The ${name} ended unexpectedly (${how})${lastWords(lastLines, logFile)}`);
  });
  // Callers await `died` only now and then. Without this line an exit between two waits would be an unhandled rejection.
  died.catch(() => {});
  return {
    name,
    pid: child.pid ?? null,
    logFile,
    ended,
    died,
    stop() {
      // Once only: later, another process group may have the same id.
      stopped ??= end();
      return stopped;
    },
  };

  async function end(): Promise<void> {
    signalGroup(child, "SIGTERM");
    const grace = new AbortController();
    const timer = setTimeout(() => grace.abort(), STOP_GRACE_MS);
    await Promise.race([ended, new Promise((resolve) => grace.signal.addEventListener("abort", resolve))]);
    clearTimeout(timer);
    signalGroup(child, "SIGKILL");
    log.end();
  }
}

/** A group that has already exited is not an error. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {}
}

/** Follows the sentence about the end of a process. */
function lastWords(lines: readonly string[], logFile: string): string {
  if (lines.every((line) => line.trim() === "")) return " and printed nothing.";
  return `. The end of ${logFile}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
