/** One instance of the function: a process that answers one event at a time. */
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { createFrameReader, type Invocation, type Reply, toFrame } from "./frames.ts";

/** The result of INIT or of an invocation: the instance's reply, or the end of its process. */
export type Outcome = Reply | { kind: "exited"; reason: string };

export interface Instance {
  /** Undefined if the process could not be started, as in Node. */
  pid: number | undefined;
  ready: Promise<Outcome>;
  /** Must not be called before the previous invocation has ended. */
  invoke(invocation: Invocation): Promise<Outcome>;
  kill(): void;
  exited: Promise<void>;
}

const RUNTIME = fileURLToPath(new URL("runtime.ts", import.meta.url));

/**
 * A real cold start: a new process that imports the handler module.
 * @param environment the process's whole environment
 * @param output file descriptor for the process's output, which CloudWatch would receive; default: standard error
 */
export function startInstance(environment: Record<string, string>, output = 2): Instance {
  const child = spawn(process.execPath, [RUNTIME], { env: environment, stdio: ["pipe", output, output, "pipe"] });
  const channel = child.stdio[3];
  if (!(channel instanceof Duplex)) throw new Error("the instance has no channel");

  let settle: ((outcome: Outcome) => void) | undefined;
  let ended: Outcome | undefined;
  const nextOutcome = () =>
    new Promise<Outcome>((resolve) => {
      if (ended) resolve(ended);
      else settle = resolve;
    });

  const readFrames = createFrameReader<Reply>();
  channel.on("data", (chunk: Buffer) => {
    for (const reply of readFrames(chunk)) settle?.(reply);
  });
  // A pipe to a process that has ended fails. The process's exit is reported instead.
  channel.on("error", () => {});
  child.stdin?.on("error", () => {});

  const exited = new Promise<void>((resolve) => {
    const end = (reason: string) => {
      ended = { kind: "exited", reason };
      settle?.(ended);
      resolve();
    };
    child.once("error", (error) => end(error.message));
    child.once("close", (code, signal) => end(signal ? `killed by ${signal}` : `exit status ${code}`));
  });

  return {
    pid: child.pid,
    ready: nextOutcome(),
    invoke(invocation) {
      const outcome = nextOutcome();
      channel.write(toFrame(invocation));
      return outcome;
    },
    kill: () => child.kill("SIGKILL"),
    exited,
  };
}
