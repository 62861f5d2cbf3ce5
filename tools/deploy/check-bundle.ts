/** Builds the Worker as a deployment would, and weighs it. Needs no network. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { errorLine, runWrangler } from "../process/run-wrangler.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** The conservative bound of the paid plan, gzipped. https://developers.cloudflare.com/workers/platform/limits/ */
const GZIP_MAX_BYTES = 10_000_000;
/** A Worker of the free plan has 3 MB, and 10 ms of CPU: no model runs in that. */
const WASM_MAGIC = "0061736d";
const WASM_MIN_BYTES = 1_000_000;

export interface Bundle {
  rawBytes: number;
  gzipBytes: number;
  /** Size of the engine's WebAssembly; 0 where it is missing. */
  wasmBytes: number;
}

export interface Built {
  findings: Finding[];
  /** Null where it does not build. */
  bundle: Bundle | null;
}

export async function checkBundle(configPath: string, environment: string): Promise<Built> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-bundle-"));
  try {
    const words = ["deploy", "--dry-run", "--config", configPath, "--env", environment, "--outdir", folder];
    const run = await runWrangler(words);
    if (run.code !== 0) {
      const next = `see all of it: npx wrangler deploy --dry-run --env ${environment}`;
      return { findings: [problem("bundle", `does not build: ${errorLine(run)}`, next)], bundle: null };
    }
    const bundle = await weigh(folder);
    return { findings: judge(bundle), bundle };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Pure. */
export function judge({ gzipBytes, wasmBytes }: Bundle): Finding[] {
  const size = `${(gzipBytes / 1e6).toFixed(2)} MB gzipped, of ${GZIP_MAX_BYTES / 1e6} MB`;
  return [
    gzipBytes <= GZIP_MAX_BYTES
      ? ok("bundle", `builds: ${size}`)
      : problem("bundle", `is too large: ${size}`, "see what is in it: npx wrangler deploy --dry-run --outdir dist"),
    wasmBytes >= WASM_MIN_BYTES
      ? ok("engine", `is in the bundle: ${(wasmBytes / 1e6).toFixed(1)} MB of WebAssembly`)
      : problem("engine", "is not in the bundle: no model would run at the edge", "run npm ci, and try again"),
  ];
}

/** Only what is uploaded: each module, compressed as wrangler counts it. */
async function weigh(folder: string): Promise<Bundle> {
  const names = (await readdir(folder)).filter((name) => /\.(js|mjs|wasm)$/.test(name));
  const bundle: Bundle = { rawBytes: 0, gzipBytes: 0, wasmBytes: 0 };
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    bundle.rawBytes += bytes.byteLength;
    bundle.gzipBytes += (await promisify(gzip)(bytes)).byteLength;
    if (bytes.subarray(0, 4).toString("hex") === WASM_MAGIC) bundle.wasmBytes += bytes.byteLength;
  }
  return bundle;
}
