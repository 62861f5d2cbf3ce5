/** A Worker that `buildWorker` has built, as options for Miniflare. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { convertV4MiniflareOptions } from "miniflare";
import { OPTIONS_FILE, SCRIPT } from "./build.ts";

/** In the form in which wrangler's API writes a Worker's options. */
export type BuiltWorker = Extract<
  Parameters<typeof convertV4MiniflareOptions>[0],
  { workers: unknown }
>["workers"][number];

/** How workerd loads what wrangler writes beside the script. */
const MODULE_TYPES: Readonly<Partial<Record<string, "ESModule" | "CompiledWasm" | "Data">>> = {
  ".js": "ESModule",
  ".wasm": "CompiledWasm",
  ".bin": "Data",
};

/**
 * @param modulesFolder from `buildWorker`
 * @param variables replace those of wrangler.toml
 */
export async function builtWorker(
  modulesFolder: string,
  variables: Readonly<Record<string, string>>,
): Promise<BuiltWorker> {
  const worker = JSON.parse(await readFile(join(modulesFolder, OPTIONS_FILE), "utf8"));
  return {
    ...worker,
    modulesRoot: modulesFolder,
    modules: await modulesIn(modulesFolder),
    bindings: { ...worker.bindings, ...variables },
  };
}

/** The script first: it has the handlers. */
async function modulesIn(folder: string) {
  const names = (await readdir(folder)).toSorted((a, b) => Number(b === SCRIPT) - Number(a === SCRIPT));
  const modules = names.map(async (name) => {
    const type = MODULE_TYPES[extname(name)];
    return type === undefined ? [] : [{ type, path: join(folder, name), contents: await readFile(join(folder, name)) }];
  });
  return (await Promise.all(modules)).flat();
}
