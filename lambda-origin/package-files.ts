/** The files of a package that the origin runs, each checked against a manifest. Whether to trust that: signed-package.ts. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, manifestSchema } from "../formats/model-package/manifest.ts";
import { compareByCodePoints, isAtOrUnder } from "../formats/signature/resource-name.ts";
import type { Resource } from "../formats/signature/statement.ts";

export const MANIFEST_FILE = "manifest.json";

export type OriginFiles = { model: Uint8Array; tokenizer: object; tokenizerConfig: object };

/** What the origin runs, and so all that it reads, hashes and must have. */
export function originFileNames({ origin, tokenizer }: Manifest): [string, string, string] {
  return [origin.file, tokenizer.file, tokenizer.configFile];
}

/** Every file is read once and parsed only when all of them are checked. @throws Error that names the file and its fault */
export async function readOriginFiles(folder: string, manifest: Manifest): Promise<OriginFiles> {
  const [modelFile, tokenizerFile, configFile] = originFileNames(manifest);
  const [model, tokenizer, tokenizerConfig] = await Promise.all([
    readVerified(folder, manifest, modelFile),
    readVerified(folder, manifest, tokenizerFile),
    readVerified(folder, manifest, configFile),
  ]);
  return {
    model,
    tokenizer: parseObject(tokenizer, tokenizerFile),
    tokenizerConfig: parseObject(tokenizerConfig, configFile),
  };
}

/** @throws Error that says where the bytes are no manifest */
export function parseManifest(bytes: Buffer): Manifest {
  const parsed = manifestSchema.safeParse(parseObject(bytes, MANIFEST_FILE));
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new Error(`${MANIFEST_FILE} is not a package manifest: ${first?.path.join(".")}: ${first?.message}`);
}

/** One file of a package, checked against its manifest. @throws Error that names the file and what is wrong with it */
export async function readVerified(folder: string, manifest: Manifest, name: string): Promise<Buffer> {
  const listed = manifest.files.find((file) => file.name === name);
  if (!listed) throw new Error(`${name} is used but not listed under "files" in ${MANIFEST_FILE}`);
  const bytes = await readFile(join(folder, name));
  if (bytes.length !== listed.sizeBytes) {
    throw new Error(`${name} has ${bytes.length} bytes; ${MANIFEST_FILE} says ${listed.sizeBytes}`);
  }
  const digest = sha256Hex(bytes);
  if (digest !== listed.sha256)
    throw new Error(`${name} has SHA-256 ${digest}; ${MANIFEST_FILE} says ${listed.sha256}`);
  return bytes;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function parseObject(bytes: Buffer, name: string): object {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new Error(`${name} is not JSON`);
  }
  if (typeof value !== "object" || value === null) throw new Error(`${name} is not a JSON object`);
  return value;
}

/** The files of a folder as a signature sees them: every one of them, hashed as it streams. */

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
