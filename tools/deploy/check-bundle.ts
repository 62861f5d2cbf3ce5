/** Builds the Worker as a deployment does, and checks its size. Needs no network. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { encodeHex } from "../../formats/encodings.ts";
import { EDGE_ENGINES, type EdgeEngineId } from "../../formats/model-package/manifest.ts";
import { digestOfFiles, sha256Hex } from "../../formats/sha256.ts";
import { errorLine, runWrangler } from "../process/run-wrangler.ts";
import { type Finding, ok, problem } from "./finding.ts";

/**
 * The limit of the paid plan, gzipped: https://developers.cloudflare.com/workers/platform/limits/
 * The free plan (3 MB, 10 ms of CPU) is too small for a model.
 */
const MAX_GZIP_BYTES = 10_000_000;
const WASM_MAGIC = "0061736d";

export interface Bundle {
  /** Over the modules: the same for the same sources and lock file, on every machine. */
  sha256: string;
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
export function checkSize({ gzipBytes, sha256 }: Bundle): Finding[] {
  const size = `${(gzipBytes / 1e6).toFixed(2)} MB gzipped (limit: ${MAX_GZIP_BYTES / 1e6} MB)`;
  const listFiles = "To see what is in it, run `npx wrangler deploy --dry-run --outdir dist`.";
  return [
    gzipBytes <= MAX_GZIP_BYTES
      ? ok("bundle", `${size}, SHA-256 ${sha256}`)
      : problem("bundle", `is too large: ${size}`, listFiles),
  ];
}

/** File names in the bundle begin with a hash. */
const ENGINE_FILES: Readonly<Record<EdgeEngineId, RegExp>> = {
  "spillway-engine": /-engine\.wasm$/,
  "onnxruntime-web": /-ort-wasm[a-z-]*\.wasm$/,
};

/** The modules that are uploaded, by file name. wrangler writes other files beside them. */
export async function readModules(folder: string): Promise<Map<string, Uint8Array>> {
  const names = (await readdir(folder)).filter((name) => /\.(js|mjs|wasm)$/.test(name)).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

/** Sizes with each module compressed as wrangler compresses it. */
async function measureBundle(folder: string): Promise<Bundle> {
  const modules = await readModules(folder);
  const sha256 = digestOfFiles(new Map([...modules].map(([name, bytes]) => [name, sha256Hex(bytes)])));
  const bundle: Bundle = { sha256, rawBytes: 0, gzipBytes: 0, wasmBytes: 0, engines: enginesIn([...modules.keys()]) };
  for (const bytes of modules.values()) {
    bundle.rawBytes += bytes.byteLength;
    bundle.gzipBytes += (await promisify(gzip)(bytes)).byteLength;
    if (encodeHex(bytes.subarray(0, 4)) === WASM_MAGIC) bundle.wasmBytes += bytes.byteLength;
  }
  return bundle;
}

function enginesIn(names: readonly string[]): EdgeEngineId[] {
  return EDGE_ENGINES.filter((engine) => names.some((name) => ENGINE_FILES[engine].test(name)));
}
