/** The processes and the folder of one bench. All processes are ended and the folder is removed, however the bench ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "../../process/child.ts";
import { runToEnd } from "../../process/run-to-end.ts";

/** Logs of what a bench starts; they are kept. */
export const LOG_FOLDER = ".spillway/logs";

export interface Workspace {
  /** Temporary; removed at the end. */
  folder: string;
  /** Rejects with one sentence if a process ends before the bench. */
  died: Promise<never>;
  /** Starts a process, with its log in `.spillway/logs`. */
  start(name: string, command: readonly string[], env: Readonly<Record<string, string>>): Promise<Child>;
}

/** @throws as `runToEnd`; Error with one sentence if a process ends, or time is up */
export async function withWorkspace<T>(maxMs: number, work: (workspace: Workspace) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-bench-"));
  const children: Child[] = [];
  const death = Promise.withResolvers<never>();
  death.promise.catch(() => {});
  let ending = false;
  const start: Workspace["start"] = async (name, command, env) => {
    const logFile = `${LOG_FOLDER}/bench-${name.replaceAll(" ", "-")}.log`;
    const child = await startChild(name, command, { ...environment(), ...env }, logFile);
    // `work` may continue for a moment after the bench was stopped. A process that it starts then must end too.
    if (ending) await child.stop();
    children.push(child);
    child.died.catch(death.reject);
    return child;
  };
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`The bench was not done within ${maxMs / 60_000} minutes.`)),
    maxMs,
  );
  return runToEnd({
    stoppedMessage: "Stopped before the bench was done.",
    work: () => Promise.race([work({ folder, died: death.promise, start }), death.promise, late.promise]),
    async end() {
      ending = true;
      clearTimeout(timer);
      for (const child of children.toReversed()) await child.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  });
}

/** Without variables that would send the bench's traffic or traces to the user's systems, or pin the user's key. */
function environment(): NodeJS.ProcessEnv {
  const own = /^(OTEL_|AWS_|SPILLWAY_|ANONYMOUS_|(MODEL_PUBLIC_KEY|OPERATOR_TOKEN)$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}
