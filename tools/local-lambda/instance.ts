import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { createFrameReader, type Invocation, type Reply, toFrame } from "./frames.ts";

/** What came of INIT or of an invocation: the instance's own reply, or that its process ended first. */
export type Outcome = Reply | { kind: "exited"; reason: string };

/** One process of the function. It answers one event at a time; asking it twice at once is the caller's bug. */
export type Instance = {
  pid: number | undefined;
  ready: Promise<Outcome>;
  invoke(invocation: Invocation): Promise<Outcome>;
  kill(): void;
  exited: Promise<void>;
};

const RUNTIME = fileURLToPath(new URL("runtime.ts", import.meta.url));

/**
 * A true cold start: a new process that imports the handler module. `environment` is all that it gets to see. What it prints goes
 * to the file descriptor `output`, in CloudWatch's place: standard error, as standard output is the pool's own.
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
  // A pipe to a process that has just died fails; its exit is what gets reported.
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
