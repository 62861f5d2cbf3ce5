/** One child process of `npm start` or a bench: its log file, its exit, its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { makeFolder } from "./make-folder.ts";
import { withoutRequestUrls } from "./without-urls.ts";

const STOP_GRACE_MS = 5000;
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
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      if (!log.writableEnded) log.write(`${withoutRequestUrls(line)}\n`);
    });
  }
  let stopped: Promise<void> | null = null;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  const died = ended.then(async (how): Promise<never> => {
    if (stopped !== null) return new Promise<never>(() => {});
    throw new Error(`The ${name} ended unexpectedly (${how}). The end of ${logFile}:\n${await tail(logFile)}`);
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

async function tail(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "(no log)");
  return text
    .trimEnd()
    .split("\n")
    .slice(-LOG_TAIL_LINES)
    .map((line) => `  ${line}`)
    .join("\n");
}
