/** The files of a package that the origin runs, each checked against a manifest. Whether to trust that: signed-package.ts. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, manifestSchema } from "../models/manifest.ts";

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
