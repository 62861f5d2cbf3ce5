/** The size and digest of a file. */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { ManifestFile } from "../../../formats/model-package/manifest.ts";
import { Sha256Stream } from "../../../formats/sha256.ts";

const CHUNK_BYTES = 1_048_576;

/**
 * Reads one file in pieces, so that models need not fit in memory.
 * @param name path relative to the folder, with "/"
 * @throws the file system's own error
 */
export async function hashFile(folder: string, name: string): Promise<ManifestFile> {
  const hash = new Sha256Stream();
  const stream = createReadStream(join(folder, name), { highWaterMark: CHUNK_BYTES });
  for await (const chunk of stream) hash.add(chunk);
  return { name, sizeBytes: stream.bytesRead, sha256: hash.hex() };
}
