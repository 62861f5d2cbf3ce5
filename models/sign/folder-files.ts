/** The files of a folder as a signature sees them: every one of them, hashed as it streams. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareByCodePoints, isAtOrUnder } from "./resource-name.ts";
import type { Resource } from "./statement.ts";

const CHUNK_BYTES = 1_048_576;

/** A file of the folder: its path relative to it with "/", its size and its digest. */
export interface FolderFile extends Resource {
  sizeBytes: number;
}

/**
 * The paths of all files in the folder and below, sorted, without what lies at or under an ignored path.
 * @throws Error with one sentence for a symbolic link, or for what is neither a file nor a folder.
 */
export async function listFiles(folder: string, ignorePaths: readonly string[], below = ""): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (ignorePaths.some((ignored) => isAtOrUnder(ignored, name))) continue;
    const path = join(folder, name);
    // Node puts U+FFFD where a name is not UTF-8; such a name could not be written into a signature.
    if (name.includes("\uFFFD")) throw new Error(`The name of ${path} is not UTF-8; rename it.`);
    if (entry.isSymbolicLink()) {
      throw new Error(`${path} is a symbolic link; put the file itself there, since a link can be pointed elsewhere.`);
    }
    if (entry.isDirectory()) names.push(...(await listFiles(folder, ignorePaths, name)));
    else if (entry.isFile()) names.push(name);
    else throw new Error(`${path} is neither a file nor a folder; remove it.`);
  }
  return names.sort(compareByCodePoints);
}

/** Hashes one file without ever holding more than a piece of it. */
export async function hashFile(folder: string, name: string): Promise<FolderFile> {
  const hash = createHash("sha256");
  const stream = createReadStream(join(folder, name), { highWaterMark: CHUNK_BYTES });
  for await (const chunk of stream) hash.update(chunk);
  return { name, sizeBytes: stream.bytesRead, sha256: hash.digest("hex") };
}
