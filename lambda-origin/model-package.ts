import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, manifestSchema } from "../models/manifest.ts";

/** The files of a package that the origin runs, each checked against the manifest. */
export type OriginPackage = {
  /** `<name>@<sha256 of the manifest's bytes>` */
  modelId: string;
  manifest: Manifest;
  model: Uint8Array;
  tokenizer: object;
  tokenizerConfig: object;
};

/** Throws an error that names the file and what is wrong with it. */
export async function readOriginPackage(folder: string): Promise<OriginPackage> {
  const manifestBytes = await readFile(join(folder, "manifest.json"));
  const manifest = parseManifest(manifestBytes);
  const [model, tokenizer, tokenizerConfig] = await Promise.all([
    readVerified(folder, manifest, manifest.origin.file),
    readVerified(folder, manifest, manifest.tokenizer.file),
    readVerified(folder, manifest, manifest.tokenizer.configFile),
  ]);
  return {
    modelId: `${manifest.name}@${sha256Hex(manifestBytes)}`,
    manifest,
    model,
    tokenizer: parseObject(tokenizer, manifest.tokenizer.file),
    tokenizerConfig: parseObject(tokenizerConfig, manifest.tokenizer.configFile),
  };
}

function parseManifest(bytes: Buffer): Manifest {
  const parsed = manifestSchema.safeParse(parseObject(bytes, "manifest.json"));
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new Error(`manifest.json is not a package manifest: ${first?.path.join(".")}: ${first?.message}`);
}

/** One file of a package, checked against its manifest. Throws an error that names the file and what is wrong with it. */
export async function readVerified(folder: string, manifest: Manifest, name: string): Promise<Buffer> {
  const listed = manifest.files.find((file) => file.name === name);
  if (!listed) throw new Error(`${name} is used but not listed under "files" in manifest.json`);
  const bytes = await readFile(join(folder, name));
  if (bytes.length !== listed.sizeBytes) {
    throw new Error(`${name} has ${bytes.length} bytes; manifest.json says ${listed.sizeBytes}`);
  }
  const digest = sha256Hex(bytes);
  if (digest !== listed.sha256) throw new Error(`${name} has SHA-256 ${digest}; manifest.json says ${listed.sha256}`);
  return bytes;
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

function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
