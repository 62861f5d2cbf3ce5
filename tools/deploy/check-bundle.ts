/** Builds the Worker as a deployment does, and checks its size. Needs no network. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { EDGE_ENGINES, type EdgeEngineId } from "../../formats/model-package/manifest.ts";
import { errorLine, runWrangler } from "../process/run-wrangler.ts";
import { type Finding, ok, problem } from "./finding.ts";

/**
 * The limit of the paid plan, gzipped: https://developers.cloudflare.com/workers/platform/limits/
 * The free plan (3 MB, 10 ms of CPU) is too small for a model.
 */
const MAX_GZIP_BYTES = 10_000_000;
const WASM_MAGIC = "0061736d";

export interface Bundle {
  rawBytes: number;
  gzipBytes: number;
  /** Size of the engines' WebAssembly. */
  wasmBytes: number;
  /** The engines whose WebAssembly is in it. */
  engines: EdgeEngineId[];
}

export interface BuildResult {
  findings: Finding[];
  /** Null if the build failed. */
  bundle: Bundle | null;
}

/** Builds in a temporary folder. @param configPath of wrangler.toml */
export async function checkBundle(configPath: string, environment: string): Promise<BuildResult> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-bundle-"));
  try {
    const args = ["deploy", "--dry-run", "--config", configPath, "--env", environment, "--outdir", folder];
    const run = await runWrangler(args);
    if (run.code !== 0) {
      const next = `For the full output, run \`npx wrangler deploy --dry-run --env ${environment}\`.`;
      return { findings: [problem("bundle", `does not build: ${errorLine(run)}`, next)], bundle: null };
    }
    const bundle = await measureBundle(folder);
    return { findings: checkSize(bundle), bundle };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Pure. Whether the platform accepts the bundle. */
export function checkSize({ gzipBytes }: Bundle): Finding[] {
  const size = `${(gzipBytes / 1e6).toFixed(2)} MB gzipped (limit: ${MAX_GZIP_BYTES / 1e6} MB)`;
  const listFiles = "To see what is in it, run `npx wrangler deploy --dry-run --outdir dist`.";
  return [gzipBytes <= MAX_GZIP_BYTES ? ok("bundle", size) : problem("bundle", `is too large: ${size}`, listFiles)];
}

/** File names in the bundle begin with a hash. */
const ENGINE_FILES: Readonly<Record<EdgeEngineId, RegExp>> = {
  "spillway-engine": /-engine\.wasm$/,
  "onnxruntime-web": /-ort-wasm[a-z-]*\.wasm$/,
};

/** Counts only what is uploaded: each module, compressed as wrangler compresses it. */
async function measureBundle(folder: string): Promise<Bundle> {
  const names = (await readdir(folder)).filter((name) => /\.(js|mjs|wasm)$/.test(name));
  const bundle: Bundle = { rawBytes: 0, gzipBytes: 0, wasmBytes: 0, engines: enginesIn(names) };
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    bundle.rawBytes += bytes.byteLength;
    bundle.gzipBytes += (await promisify(gzip)(bytes)).byteLength;
    if (bytes.subarray(0, 4).toString("hex") === WASM_MAGIC) bundle.wasmBytes += bytes.byteLength;
  }
  return bundle;
}

function enginesIn(names: readonly string[]): EdgeEngineId[] {
  return EDGE_ENGINES.filter((engine) => names.some((name) => ENGINE_FILES[engine].test(name)));
}
