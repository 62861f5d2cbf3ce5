/** Compiles the kernels to engine/dist/engine.wasm. The binary is never committed: install, start, test and deploy build it. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { printAttention } from "./print-attention.ts";
import { printConstants } from "./print-constants.ts";
import { printGemm } from "./print-gemm.ts";

const KERNELS = new URL("../kernels/", import.meta.url);
const DIST = new URL("../dist/", import.meta.url);

/** The compiled kernels. */
export const ENGINE_WASM = new URL("engine.wasm", DIST);

const OPTIONS = [
  ...["-O3", "--noAssert", "--runtime", "stub"],
  ...["--enable", "simd,relaxed-simd", "--importMemory", "--initialMemory", "1"],
];

/**
 * Builds the kernels if a source, an option or the compiler has changed since the last build: some 50 ms when nothing has, some
 * seconds otherwise. Several processes may build at once.
 * @returns whether it compiled
 * @throws Error with the compiler's messages
 */
export async function buildEngine(): Promise<boolean> {
  const sources = await kernelSources();
  const stamp = await stampOf(sources);
  const built = await readFile(ENGINE_WASM).catch(() => null);
  if (built?.subarray(-stamp.length).equals(stamp)) return false;
  const wasm = Buffer.concat([await compile(sources), stamp]);
  await mkdir(DIST, { recursive: true });
  // Renamed when complete: a process that reads meanwhile gets the old binary or the new one.
  const partial = new URL(`engine.${randomUUID()}.wasm`, DIST);
  await writeFile(partial, wasm);
  await rename(partial, ENGINE_WASM);
  return true;
}

/** A custom section of the binary that identifies what it was built from; runtimes ignore it. */
async function stampOf(sources: ReadonlyMap<string, string>): Promise<Buffer> {
  const compiler = findPackageJSON("assemblyscript", import.meta.url);
  if (compiler === undefined) throw new Error("The package assemblyscript is missing. Run npm install.");
  const digest = createHash("sha256")
    .update(JSON.stringify([OPTIONS, await readFile(compiler, "utf8"), [...sources]]))
    .digest();
  const name = Buffer.from("sources");
  return Buffer.concat([Buffer.of(0, 1 + name.length + digest.length, name.length), name, digest]);
}

/** Sources by path, printed ones among them. Functions of `inline/` get the decorator that TypeScript's grammar has no place for. */
async function kernelSources(): Promise<Map<string, string>> {
  const names = await readdir(KERNELS, { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts")).sort();
  const written = await Promise.all(
    files.map(
      async (name): Promise<[string, string]> => [
        name.replaceAll("\\", "/"),
        await readFile(new URL(name, KERNELS), "utf8"),
      ],
    ),
  );
  const sources: [string, string][] = [
    ...written,
    ["gemm.ts", printGemm()],
    ["inline/attention-tiles.ts", printAttention()],
    ["inline/constants.ts", printConstants()],
  ];
  return new Map(sources.map(([path, text]) => [path, path.startsWith("inline/") ? markInline(text) : text]));
}

function markInline(source: string): string {
  return source.replaceAll(/^(export )?function /gm, "@inline\n$1function ");
}

async function compile(sources: ReadonlyMap<string, string>): Promise<Uint8Array> {
  // Loaded only when needed: the compiler is 10 MB of code.
  const { default: asc } = await import("assemblyscript/asc");
  let wasm: Uint8Array | null = null;
  const { error, stderr } = await asc.main(["index.ts", "--outFile", "engine.wasm", ...OPTIONS], {
    readFile: (path) => sources.get(path) ?? null,
    writeFile: (_path, contents) => {
      if (typeof contents !== "string") wasm = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === null) throw new Error(`The kernels do not compile.\n${stderr.toString()}`);
  return wasm;
}
