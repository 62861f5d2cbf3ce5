/** Files by their bytes. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../manifest.ts";

/** Size and digest of a file, as a manifest lists them. @throws the file system's own error */
export async function describeFile(folder: string, name: string): Promise<Manifest["files"][number]> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of createReadStream(join(folder, name), { highWaterMark: 2 ** 20 })) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { name, sizeBytes, sha256: hash.digest("hex") };
}
