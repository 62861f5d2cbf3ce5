/** Compiles the kernels to engine/dist/engine.wasm. The binary is never committed: start, test and deploy build it from source. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { printAttention } from "./print-attention.ts";
import { printConstants } from "./print-constants.ts";
import { printGemm } from "./print-gemm.ts";

const KERNELS = new URL("../kernels/", import.meta.url);
const DIST = new URL("../dist/", import.meta.url);

/** The compiled kernels, an ES module's path for tools that read files. */
export const ENGINE_WASM = new URL("engine.wasm", DIST);

const OPTIONS = [
  ...["-O3", "--noAssert", "--runtime", "stub"],
  ...["--enable", "simd,relaxed-simd", "--importMemory", "--initialMemory", "1"],
];

/**
 * Builds the kernels if a source has changed since the last build.
 * @returns whether it compiled
 * @throws Error with the compiler's messages
 */
export async function buildEngine(): Promise<boolean> {
  const sources = await kernelSources();
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([OPTIONS, asc.version, [...sources]]))
    .digest("hex");
  const stamp = new URL("sources.sha256", DIST);
  if ((await readFile(stamp, "utf8").catch(() => "")) === fingerprint) return false;
  const wasm = await compile(sources);
  await mkdir(DIST, { recursive: true });
  await replaceFile(ENGINE_WASM, wasm);
  await replaceFile(stamp, fingerprint);
  return true;
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

/** Another process may build at the same time: no reader sees half a file. */
async function replaceFile(file: URL, contents: string | Uint8Array): Promise<void> {
  const partial = new URL(`${fileURLToPath(file)}.${process.pid}`, "file:");
  await writeFile(partial, contents);
  await rename(partial, file);
}
