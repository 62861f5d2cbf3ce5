/** What a deployment of the Worker sends: the script and its modules; source maps and wrangler's own notes stay here. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Bundle } from "../system/bundle.ts";

export interface UploadSize {
  files: { name: string; bytes: number; gzipBytes: number }[];
  bytes: number;
  /** Cloudflare's limit is on this. */
  gzipBytes: number;
}

export async function uploadSize({ script }: Bundle): Promise<UploadSize> {
  const folder = dirname(script);
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

/** Names of the built modules in a folder that wrangler has built into. */
export async function moduleFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /\.(js|mjs|wasm)$/.test(name)).sort();
}
