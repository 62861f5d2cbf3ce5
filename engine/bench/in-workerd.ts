/** Runs one Worker in workerd, without wrangler. */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import workerd from "workerd";

const START_MS = 20_000;
const ASK_EVERY_MS = 50;

export interface WorkerdOptions {
  /** The Worker's module, which is bundled. */
  script: URL;
  /** The wasm file that it imports as a compiled module, and the name of that import. */
  wasm: { file: URL; importedAs: RegExp };
  /** An absolute path. Its files are served to the Worker by its binding FILES. */
  filesFolder: string;
  /** Ends workerd. */
  signal?: AbortSignal;
}

/** workerd did not start, or ended before the work. The message has its output. */
export class WorkerdError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WorkerdError";
  }
}

/** @param work gets the Worker's address, without a slash at its end @throws WorkerdError; and what `work` throws */
export async function withWorkerd<T>(options: WorkerdOptions, work: (url: string) => Promise<T>): Promise<T> {
  const { filesFolder, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), "in-workerd-"));
  let child: ChildProcess | null = null;
  try {
    await bundle(options, join(folder, "worker.js"));
    // Beside the configuration: it embeds no file by an absolute path.
    await copyFile(options.wasm.file, join(folder, "model.wasm"));
    const port = await freePort();
    const config = join(folder, "config.capnp");
    await writeFile(config, configuration(filesFolder, port));
    child = spawn(workerdPath(), ["serve", config], {
      stdio: ["ignore", "ignore", "pipe"],
      ...(signal !== undefined && { signal }),
    });
    const ended = whenEnded(child);
    const url = `http://127.0.0.1:${port}`;
    await Promise.race([ended, untilReachable(url)]);
    return await Promise.race([ended, work(url)]);
  } finally {
    child?.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

function whenEnded(child: ChildProcess): Promise<never> {
  let log = "";
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  const ended = new Promise<never>((_, reject) => {
    const fail = (how: unknown) => reject(new WorkerdError(`workerd ended (${how}): ${log.trim()}`));
    child.once("error", fail);
    child.once("exit", fail);
  });
  ended.catch(() => {});
  return ended;
}

/** The package is a CommonJS module: a bundler gives its default export, Node the module. */
function workerdPath(): string {
  const path: unknown = typeof workerd === "string" ? workerd : workerd.default;
  if (typeof path !== "string") throw new Error("The package workerd gives no path of its binary.");
  return path;
}

async function bundle({ script, wasm }: WorkerdOptions, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(script)],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    // onnxruntime-web imports them if it detects Node.
    external: ["node:*", "module", "worker_threads"],
    logLevel: "error",
    plugins: [
      {
        name: "the wasm file as a module of the Worker",
        setup: ({ onResolve }) =>
          onResolve({ filter: wasm.importedAs }, () => ({ path: "./model.wasm", external: true })),
      },
    ],
  });
}

function configuration(filesFolder: string, port: number): string {
  const text = JSON.stringify;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "files", disk = (path = ${text(filesFolder)})),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "model.wasm", wasm = embed "model.wasm"),
  ],
  bindings = [(name = "FILES", service = "files")],
);
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}

async function untilReachable(url: string): Promise<void> {
  const untilMs = performance.now() + START_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    if (answer !== null) return void (await answer.arrayBuffer());
    if (performance.now() > untilMs) throw new WorkerdError(`workerd did not answer within ${START_MS / 1000} s`);
    await sleep(ASK_EVERY_MS);
  }
}
