/** Runs the bench's Worker in workerd, without wrangler. */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import workerd from "workerd";
import { ENGINE_WASM } from "../build/build-engine.ts";

const START_TIMEOUT_MS = 10_000;

/** @param weightsFile an absolute path; its folder is served to the Worker */
export async function withWorkerd<T>(
  weightsFile: string,
  work: (ask: (path: string) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "engine-bench-"));
  const port = await freePort();
  let child: ChildProcess | null = null;
  try {
    await bundle(join(folder, "worker.js"));
    await copyFile(ENGINE_WASM, join(folder, "engine.wasm"));
    await writeFile(join(folder, "config.capnp"), configuration(dirname(weightsFile), port));
    child = spawn(workerd.default, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "ignore", "inherit"] });
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      if (!response.ok) throw new Error(`The bench's Worker answered ${response.status}: ${await response.text()}`);
      return response.json();
    };
    await untilReachable(port);
    return await work(ask);
  } finally {
    child?.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2024",
    plugins: [
      {
        name: "engine.wasm as a module of the Worker",
        setup: ({ onResolve }) =>
          onResolve({ filter: /engine\.wasm$/ }, () => ({ path: "./engine.wasm", external: true })),
      },
    ],
  });
}

function configuration(weightsFolder: string, port: number): string {
  const text = JSON.stringify;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "bench", worker = .bench),
    (name = "files", disk = (path = ${text(weightsFolder)})),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "bench")],
);
const bench :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "engine.wasm", wasm = embed "engine.wasm"),
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

async function untilReachable(port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
