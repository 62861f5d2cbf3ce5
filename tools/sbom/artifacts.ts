/** Builds an artifact as a deployment does, to list what is in it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { buildEngine } from "../../engine/build/build-engine.ts";
import { digestOfFiles, sha256Hex } from "../../formats/sha256.ts";
import { type Architecture, HANDLER_FILE, runtimeFiles } from "../build-lambda/artifact-files.ts";
import { bundleHandler } from "../build-lambda/build.ts";
import { readModules } from "../deploy/check-bundle.ts";
import { CHECKOUT_FOLDER } from "../process/checkout.ts";
import { errorLine, runWrangler } from "../process/run-wrangler.ts";
import type { Artifact } from "./bill.ts";

/** wrangler's configuration of each Worker. */
const WORKERS = { gateway: "wrangler.toml", "control-plane": "control-plane/wrangler.toml" } as const;

/** Parts of the compiler's standard library are in the engine's WebAssembly. */
const COMPILED_IN = { gateway: ["node_modules/assemblyscript"], "control-plane": [] } as const;

/** What esbuild reports of a build: the files of which some bytes are in the output. */
const metafileSchema = z.object({
  outputs: z.record(z.string(), z.object({ inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })) })),
});
export type Metafile = z.infer<typeof metafileSchema>;

/**
 * A Worker's modules, as `wrangler deploy` uploads them.
 * @param environment of wrangler.toml; null for the top level
 * @throws Error with wrangler's message if it does not build
 */
export async function workerArtifact(name: keyof typeof WORKERS, environment: string | null): Promise<Artifact> {
  await buildEngine();
  return withTempFolder(async (folder) => {
    const outFolder = join(folder, "modules");
    const metafile = join(folder, "metafile.json");
    const where = environment === null ? [] : ["--env", environment];
    const to = ["--outdir", outFolder, "--metafile", metafile];
    const run = await runWrangler(["deploy", "--dry-run", "--config", WORKERS[name], ...where, ...to]);
    if (run.code !== 0) throw new Error(`wrangler could not build ${WORKERS[name]}: ${errorLine(run)}`);
    const modules = await readModules(outFolder);
    const built = metafileSchema.parse(JSON.parse(await readFile(metafile, "utf8")));
    const bundled = packagesIn(built, join(CHECKOUT_FOLDER, dirname(WORKERS[name])));
    return {
      name: `spillway-${name}`,
      sha256: digestOfFiles(new Map([...modules].map(([file, bytes]) => [file, sha256Hex(bytes)]))),
      packages: [...new Set([...bundled, ...COMPILED_IN[name]])].sort(),
    };
  });
}

/** The function's code: the handler and ONNX Runtime. The model package lists its own files, with a digest of each, and signs the list. */
export async function originArtifact(arch: Architecture): Promise<Artifact> {
  return withTempFolder(async (folder) => {
    const handler = join(folder, HANDLER_FILE);
    const metafile = await bundleHandler(handler);
    const files = [{ name: HANDLER_FILE, source: handler }, ...(await runtimeFiles(arch))];
    const digests = new Map<string, string>();
    for (const { name, source } of files) digests.set(name, sha256Hex(await readFile(source)));
    const copied = files.map(({ name }) => packageOf(name)).filter((path) => path !== null);
    return {
      name: "spillway-origin",
      sha256: digestOfFiles(digests),
      packages: [...new Set([...packagesIn(metafile, CHECKOUT_FOLDER), ...copied])].sort(),
    };
  });
}

/**
 * The npm packages of which at least one byte is in the output.
 * @param folder that the metafile's paths are relative to; wrangler's are to the folder of its configuration
 */
export function packagesIn({ outputs }: Metafile, folder: string): string[] {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const packages = used.map((path) =>
    packageOf(relative(CHECKOUT_FOLDER, resolve(folder, path)).replaceAll("\\", "/")),
  );
  return [...new Set(packages.filter((path) => path !== null))].sort();
}

/** `node_modules/a/node_modules/@b/c/d.js` is of `node_modules/a/node_modules/@b/c`. Null for a file of this repository. */
function packageOf(path: string): string | null {
  const start = path.lastIndexOf("node_modules/");
  if (start < 0) return null;
  const [scope = "", name = ""] = path.slice(start + "node_modules/".length).split("/");
  return path.slice(0, start) + ["node_modules", scope, ...(scope.startsWith("@") ? [name] : [])].join("/");
}

async function withTempFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-sbom-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
