/** The whole system as `npm start` runs it, on free ports and with separate state. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../tools/process/ports.ts";
import { contractProblems } from "../../support/openapi.ts";
import { type OpenStores, openStores } from "./open-stores.ts";

const ROOT = new URL("../../..", import.meta.url);
const READY = /^Spillway is ready: (\S+)$/m;

export interface Running extends Pick<OpenStores, "stores" | "withStores"> {
  /** `http://127.0.0.1:<port>` of the gateway. */
  gateway: string;
  /** Of the trace viewer. */
  viewer: string;
  ports: { gateway: number; control: number; origin: number; viewer: number };
  stateFolder: string;
  process: ChildProcess;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Interrupts as Ctrl-C does; resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const NPM_START = ["npm", "run", "--silent", "start"] as const;
/** What `npm start` runs. npm itself takes half a second of a core. */
export const START = [process.execPath, "tools/start/main.mjs"] as const;

/**
 * Starts without waiting; for tests of a start that fails.
 * @param by the command
 */
export async function launch(env: NodeJS.ProcessEnv = {}, by: readonly string[] = NPM_START) {
  const given = env["SPILLWAY_STATE_DIR"];
  const stateFolder = given ?? (await mkdtemp(join(tmpdir(), "spillway-e2e-")));
  const [program = "", ...words] = by;
  const child = spawn(program, words, {
    cwd: ROOT,
    env: { ...process.env, SPILLWAY_STATE_DIR: stateFolder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const { close, ...stores } = openStores(stateFolder);
  return {
    process: child,
    stateFolder,
    ...stores,
    exited,
    output: () => printed,
    async stop(signal: NodeJS.Signals = "SIGINT") {
      child.kill(signal);
      const code = await exited;
      await close();
      // A folder that a test has made is for a second start.
      if (given === undefined) await rm(stateFolder, { recursive: true, force: true });
      return code;
    },
  };
}

/** @param how.throughNpm starts it as a user does, with npm between */
export async function start(env: NodeJS.ProcessEnv = {}, { throughNpm = false } = {}): Promise<Running> {
  const port = async (name: string) => Number(env[name] ?? (await freePort()));
  const ports = {
    gateway: await port("SPILLWAY_PORT"),
    control: await port("SPILLWAY_CONTROL_PORT"),
    origin: await port("SPILLWAY_ORIGIN_PORT"),
    viewer: await port("SPILLWAY_OTLP_PORT"),
  };
  const variables = {
    SPILLWAY_PORT: String(ports.gateway),
    SPILLWAY_CONTROL_PORT: String(ports.control),
    SPILLWAY_ORIGIN_PORT: String(ports.origin),
    SPILLWAY_OTLP_PORT: String(ports.viewer),
    ...env,
  };
  const launched = await launch(variables, throughNpm ? NPM_START : START);
  await until("the ready line", async () => {
    if (launched.process.exitCode !== null) throw new Error(`npm start ended early:\n${launched.output()}`);
    return READY.test(launched.output());
  });
  const address = (port: number) => `http://127.0.0.1:${port}`;
  return { ...launched, ports, gateway: address(ports.gateway), viewer: address(ports.viewer) };
}

const MAX_PAUSE_MS = 400;

/** Asks until the answer is truthy. @throws when two minutes have passed. */
export async function until<T>(what: string, ask: () => Promise<T>, atMostMs = 120_000): Promise<NonNullable<T>> {
  const untilMs = Date.now() + atMostMs;
  // To ask takes time of the cores that the system needs too: more and more rarely.
  for (let pauseMs = 50; Date.now() < untilMs; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`${what} did not come within ${atMostMs / 1000} s`);
}

/** @throws Error if the answer differs from docs/reference/openapi.yaml */
export async function classify(system: Running, inputs: unknown, headers: Record<string, string> = {}) {
  return askByContract(system, "/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ inputs }),
  });
}

/** @throws Error if the answer differs from docs/reference/openapi.yaml */
export async function askByContract({ gateway }: Running, path: string, init: RequestInit = {}) {
  const method = init.method ?? "GET";
  const response = await fetch(`${gateway}${path}`, init);
  const answer = { status: response.status, headers: response.headers, body: await response.json() };
  const problems = contractProblems(method, path, answer);
  if (problems.length > 0) throw new Error(`${method} ${path} (${answer.status}): ${problems.join("; ")}`);
  return answer;
}

/** Runs a wrangler command as a user types it, on this system's state; resolves to its output. */
export async function wrangler({ stateFolder }: Running, ...words: string[]): Promise<string> {
  const cli = ["node_modules/wrangler/bin/wrangler.js", ...words, "--local", "--persist-to", `${stateFolder}/wrangler`];
  const child = spawn(process.execPath, cli, { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: "false" } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`wrangler ${words.join(" ")} failed:\n${output}`);
  return output;
}

/** Process ids of everything that `npm start` has started. */
export function descendants({ process }: Pick<Running, "process">): Promise<number[]> {
  return below(process.pid ?? 0);
}

async function below(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const direct = children.trim().split(/\s+/).filter(Boolean).map(Number);
  return [...direct, ...(await Promise.all(direct.map(below))).flat()];
}

/** The process of a system whose command line contains `words`. */
export async function findDescendant(system: Pick<Running, "process">, words: string): Promise<number> {
  for (const pid of await descendants(system)) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.replaceAll("\0", " ").includes(words)) return pid;
  }
  throw new Error(`no process of the system runs ${words}`);
}

/** Resolves when none of the processes runs. @throws Error after 15 s */
export async function allGone(pids: readonly number[]): Promise<void> {
  await until("the end of every child", async () => !pids.some(isAlive), 15_000);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
