/** The processes of one `npm start`, and how they end: all of them, whenever a signal or a failure comes. */
import { rm } from "node:fs/promises";
import { type Child, startChild } from "../process/child.ts";
import { COMPILE_CACHE_FOLDER } from "../process/compile-cache.ts";
import { exitCodeAfter, STOP_SIGNALS } from "../process/signals.ts";
import { childEnvironment } from "./credentials.ts";

export interface Processes {
  /**
   * Starts a command with its log in the state folder. The log begins anew with the first process of a name.
   * Never resolves once the system is being stopped.
   */
  start(name: string, command: readonly string[], env: NodeJS.ProcessEnv): Promise<Child>;
  isStopping(): boolean;
  /** Ends every process, the last one first. Calling it twice is safe. */
  stopAll(): Promise<void>;
  /** As `work`, but it never settles once the system is being stopped: what is killed then is no failure to report. */
  unlessStopping<T>(work: Promise<T>): Promise<T>;
}

/**
 * @param stateFolder its `logs` folder gets the logs
 * @param spawn starts one process; tests replace it
 */
export function createProcesses(stateFolder: string, spawn: typeof startChild = startChild): Processes {
  // Promises: a process may be starting when everything has to end.
  const started: Promise<Child>[] = [];
  const names = new Set<string>();
  let stopping: Promise<void> | null = null;
  const never = () => new Promise<never>(() => {});

  async function first(name: string, logFile: string): Promise<void> {
    if (names.has(name)) return;
    names.add(name);
    await rm(logFile, { force: true });
  }

  async function end(): Promise<void> {
    for (const child of started.toReversed()) await child.then(({ stop }) => stop()).catch(() => {});
  }

  const processes: Processes = {
    async start(name, command, env) {
      const logFile = `${stateFolder}/logs/${name.replaceAll(" ", "-")}.log`;
      await first(name, logFile);
      if (stopping !== null) return never();
      const cache = { NODE_COMPILE_CACHE: COMPILE_CACHE_FOLDER };
      const child = spawn(name, command, { ...cache, ...childEnvironment(process.env), ...env }, logFile);
      started.push(child);
      return processes.unlessStopping(child);
    },
    isStopping: () => stopping !== null,
    stopAll() {
      stopping ??= end();
      return stopping;
    },
    unlessStopping: (work) =>
      work.then(
        (value) => (stopping === null ? value : never()),
        (error: unknown) => (stopping === null ? Promise.reject(error) : never()),
      ),
  };
  return processes;
}

/** From now on Ctrl-C and `kill` end the processes, print one line, and exit with 128 + the signal's number: 130, 143, 129. */
export function stopOnSignals({ stopAll, isStopping }: Pick<Processes, "stopAll" | "isStopping">): void {
  for (const signal of STOP_SIGNALS) {
    process.on(signal, async () => {
      // npm forwards the signal that a terminal has sent to both.
      if (isStopping()) return;
      // On a terminal the cursor may be behind a step and "^C".
      console.error(`${process.stderr.isTTY ? "\n" : ""}Stopping …`);
      await stopAll();
      process.exit(exitCodeAfter(signal));
    });
  }
}
