/** Builds a Worker of this checkout with wrangler, as a deployment does. A build is kept until one of its files changes: wrangler takes seconds. */
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../formats/json.ts";
import { sha256Hex } from "../../formats/sha256.ts";
import { CHECKOUT_FOLDER } from "../process/checkout.ts";
import { errorLine, runWrangler } from "../process/run-wrangler.ts";

const MAX_BUILD_MS = 120_000;

/** Fixes the versions of wrangler and of every library that it bundles. */
const LOCK_FILE = "package-lock.json";

/** Of a build: the Worker's options for Miniflare, as wrangler reads them from its configuration. */
export const OPTIONS_FILE = "options.json";
/** Of a build: the script, under this name for each Worker. */
export const SCRIPT = "index.js";

const BUILDS_FOLDER = join(CHECKOUT_FOLDER, ".spillway/builds");

/** A Worker of this checkout. */
export interface WorkerSource {
  /** Its wrangler.toml, as a path in the checkout: "control-plane/wrangler.toml". */
  config: string;
  /** Instead of the configuration's `main`, as a path in the checkout. */
  entry?: string;
}

const filesSchema = z.array(z.string());
const metafileSchema = z.object({ inputs: z.record(z.string(), z.unknown()) });

/**
 * Two processes may build the same Worker at the same time.
 * @param buildsFolder absolute path of the folder of all builds
 * @returns absolute path of a folder with the script, its modules and `OPTIONS_FILE`
 * @throws Error with wrangler's message if the build fails
 */
export async function buildWorker(source: WorkerSource, buildsFolder = BUILDS_FOLDER): Promise<string> {
  // No name is the start of another one.
  const name = [source.entry ?? [], source.config]
    .flat()
    .join("-")
    .replaceAll(/[^a-z]+/g, "-");
  // Which files a build has is known only from a build.
  const listFile = join(buildsFolder, `${name}.json`);
  const known = filesSchema.safeParse(parseJson(await readFile(listFile, "utf8").catch(() => "")));
  const folderOf = (digest: string) => join(buildsFolder, `${name}-${digest}`);
  if (known.success) {
    const kept = folderOf(await digestOf(known.data));
    if (await isThere(kept)) return kept;
  }

  await mkdir(buildsFolder, { recursive: true });
  const startedAtMs = Date.now();
  const made = await mkdtemp(join(buildsFolder, "unfinished-"));
  try {
    const modules = join(made, "modules");
    const files = [source.config, LOCK_FILE, ...(await runBuild(source, modules, join(made, "meta.json")))];
    // A file that was saved during the build may be in it or not: such a build is for this start only.
    const isCertain = (await newestMs(files)) < startedAtMs;
    const folder = folderOf(isCertain ? await digestOf(files) : "once");
    await removeOthers(buildsFolder, name, isCertain ? folder : null);
    await rename(modules, folder).catch(async (error: unknown) => {
      // Another process has finished the same build meanwhile.
      if (!(await isThere(folder))) throw error;
    });
    if (isCertain) {
      const list = join(made, "list.json");
      await writeFile(list, JSON.stringify(files));
      await rename(list, listFile);
    }
    return folder;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** @returns the paths of the sources in the checkout */
async function runBuild({ config, entry }: WorkerSource, modulesFolder: string, metafile: string): Promise<string[]> {
  const main = entry === undefined ? [] : [join(CHECKOUT_FOLDER, entry)];
  const words = ["deploy", ...main, "--dry-run", "--config", join(CHECKOUT_FOLDER, config)];
  const out = ["--outdir", modulesFolder, "--metafile", metafile];
  const run = await runWrangler([...words, ...out], { timeoutMs: MAX_BUILD_MS });
  if (run.code !== 0) throw new Error(`wrangler could not build the Worker of ${config}: ${errorLine(run)}`);
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const parsed = unstable_readConfig({ config: join(CHECKOUT_FOLDER, config) });
  const options = { ...unstable_getMiniflareWorkerOptions(parsed).workerOptions, name: parsed.name };
  await writeFile(join(modulesFolder, OPTIONS_FILE), JSON.stringify(options));
  // esbuild names the script after the entry.
  const entryName = basename(entry ?? parsed.main ?? SCRIPT);
  await rename(
    join(modulesFolder, `${entryName.slice(0, -extname(entryName).length)}.js`),
    join(modulesFolder, SCRIPT),
  );
  const { inputs } = metafileSchema.parse(JSON.parse(await readFile(metafile, "utf8")));
  // What wrangler generates has no file.
  const folder = dirname(config);
  const names = Object.keys(inputs).map((path) => join(folder, path));
  const there = await Promise.all(names.map((name) => isThere(join(CHECKOUT_FOLDER, name))));
  return names.filter((_, index) => there[index]);
}

/** Over names and bytes, and the checkout's path, which the options contain. A file that is missing has no bytes. */
async function digestOf(files: readonly string[]): Promise<string> {
  const digests = await Promise.all(
    files.map(async (file) => sha256Hex(await readFile(join(CHECKOUT_FOLDER, file)).catch(() => ""))),
  );
  return sha256Hex([CHECKOUT_FOLDER, ...files.map((file, index) => `${digests[index]} ${file}`)].join("\n"));
}

/** Since 1970. */
async function newestMs(files: readonly string[]): Promise<number> {
  return Math.max(...(await Promise.all(files.map(async (file) => (await stat(join(CHECKOUT_FOLDER, file))).mtimeMs))));
}

async function removeOthers(buildsFolder: string, name: string, kept: string | null): Promise<void> {
  for (const entry of await readdir(buildsFolder)) {
    const path = join(buildsFolder, entry);
    if (entry.startsWith(`${name}-`) && path !== kept) await rm(path, { recursive: true, force: true });
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
