/** How long workerd needs to start an isolate of a Worker, and the size of the Worker's upload. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { SCRIPT } from "../../local-worker/build.ts";
import { percentile } from "../../statistics.ts";
import { type Bundle, bundleWorker } from "../system/bundle.ts";
import { type RunningWorker, startWorker } from "../system/running-worker.ts";
import type { Workspace } from "../system/workspace.ts";

const LOADER = { config: "tools/bench/loader/wrangler.toml" };
const COMPATIBILITY_DATE = "2026-11-01";
/** The gateway is composed at its first request, from any strings. */
const GATEWAY_ENV = {
  MODEL: "none",
  MODEL_PUBLIC_KEY: "",
  ORIGIN_URL: "http://127.0.0.1:9/",
  ORIGIN_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "id",
  AWS_SECRET_ACCESS_KEY: "secret",
};

const answerSchema = z.object({ startUpMs: z.number(), ok: z.literal(true) });

export interface StartUp {
  samples: number;
  gatewayP50Ms: number;
  gatewayMaxMs: number;
  /** The same for a Worker of one line: the cost of any isolate. */
  emptyP50Ms: number;
}

/** Starts fresh isolates, the gateway's and empty ones in alternation: modules are compiled and evaluated, one request is answered. */
export async function measureStartUp(workspace: Workspace, gateway: Bundle, samples: number): Promise<StartUp> {
  const bundle = await bundleWorker(LOADER, join(workspace.folder, "loader"));
  const persistFolder = join(workspace.folder, "loader", "state");
  const loader = await startWorker(workspace, { name: "loader", bundle, persistFolder });
  const forms = { gateway: await gatewayForm(gateway), empty: emptyForm() };
  const gatewayMs: number[] = [];
  const emptyMs: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    emptyMs.push(await startUpMs(loader, forms.empty));
    gatewayMs.push(await startUpMs(loader, forms.gateway));
  }
  await loader.stop();
  return {
    samples,
    gatewayP50Ms: percentile(gatewayMs, 50),
    gatewayMaxMs: percentile(gatewayMs, 100),
    emptyP50Ms: percentile(emptyMs, 50),
  };
}

async function startUpMs({ url }: RunningWorker, form: FormData): Promise<number> {
  const response = await fetch(url, { method: "POST", body: form });
  const text = await response.text();
  const answer = answerSchema.safeParse(response.ok ? JSON.parse(text) : null);
  if (!answer.success) throw new Error(`workerd could not start an isolate of the Worker: ${text.slice(0, 300)}`);
  return answer.data.startUpMs;
}

async function gatewayForm({ modulesFolder: folder }: Bundle): Promise<FormData> {
  const form = settingsForm(SCRIPT, ["nodejs_compat", "enable_request_signal"], GATEWAY_ENV);
  for (const name of await moduleFiles(folder)) form.set(name, new Blob([await readFile(join(folder, name))]), name);
  return form;
}

function emptyForm(): FormData {
  const form = settingsForm("empty.js", [], {});
  form.set("empty.js", new Blob(["export default { fetch: () => new Response() };"]), "empty.js");
  return form;
}

function settingsForm(mainModule: string, compatibilityFlags: readonly string[], env: object): FormData {
  const form = new FormData();
  form.set("settings", JSON.stringify({ mainModule, compatibilityDate: COMPATIBILITY_DATE, compatibilityFlags, env }));
  return form;
}

export interface UploadSize {
  files: { name: string; bytes: number; gzipBytes: number }[];
  bytes: number;
  /** Cloudflare's limit applies to this number. */
  gzipBytes: number;
}

/** @returns the size of what a deployment sends: the script and its modules, without source maps and wrangler's README */
export async function uploadSize({ modulesFolder: folder }: Bundle): Promise<UploadSize> {
  const files = await Promise.all(
    (await moduleFiles(folder)).map(async (name) => {
      const content = await readFile(join(folder, name));
      return { name, bytes: content.byteLength, gzipBytes: gzipSync(content).byteLength };
    }),
  );
  const sum = (pick: (file: UploadSize["files"][number]) => number) =>
    files.reduce((total, file) => total + pick(file), 0);
  return { files, bytes: sum(({ bytes }) => bytes), gzipBytes: sum(({ gzipBytes }) => gzipBytes) };
}

/** Names of the modules that wrangler built into a folder. */
async function moduleFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /\.(js|mjs|wasm)$/.test(name)).sort();
}
