/** Reads a model package from the bucket. No byte is used before its SHA-256 has been checked against the manifest. */
import { createHash } from "node:crypto";
import { type Manifest, manifestSchema, objectKey } from "../../models/manifest.ts";

/** The part of an R2 bucket that is needed. */
export interface ModelBucket {
  get(key: string): Promise<{ body: ReadableStream<Uint8Array>; size: number } | null>;
}

/** `rejected`: what is stored is not what was named, and asking again will not help. `unavailable`: it could not be read now. */
export class PackageError extends Error {
  readonly kind: "rejected" | "unavailable";
  constructor(kind: "rejected" | "unavailable", reason: string) {
    super(reason);
    this.name = "PackageError";
    this.kind = kind;
  }
}

export interface ModelPackage {
  modelId: string;
  manifest: Manifest;
}

/** A manifest larger than this is not one of ours. */
const MANIFEST_MAX_BYTES = 1_048_576;

/** Reads the manifest that `<name>@<digest>` names. @throws PackageError */
export async function openPackage(bucket: ModelBucket, modelId: string): Promise<ModelPackage> {
  const stored = await getObject(bucket, objectKey(modelId, "manifest.json"));
  if (stored.size > MANIFEST_MAX_BYTES) throw new PackageError("rejected", "manifest-too-large");
  const bytes = new Uint8Array(stored.size);
  const digest = await pump(stored.body, stored.size, (chunk, at) => bytes.set(chunk, at));
  if (digest !== modelId.slice(modelId.indexOf("@") + 1)) throw new PackageError("rejected", "manifest-digest");
  const parsed = manifestSchema.safeParse(parseJson(new TextDecoder().decode(bytes)));
  if (!parsed.success) throw new PackageError("rejected", "manifest-unreadable");
  return { modelId, manifest: parsed.data };
}

/** One small file of the package as text, verified. @throws PackageError */
export async function readText(bucket: ModelBucket, opened: ModelPackage, file: string): Promise<string> {
  const bytes = new Uint8Array(sizeOf(opened, file));
  await streamFile(bucket, opened, file, (chunk, at) => bytes.set(chunk, at));
  return new TextDecoder().decode(bytes);
}

/**
 * Streams one file into `sink` and verifies it. What the sink holds must not be used unless this resolves.
 * @throws PackageError
 */
export async function streamFile(
  bucket: ModelBucket,
  opened: ModelPackage,
  file: string,
  sink: (chunk: Uint8Array, at: number) => void,
): Promise<void> {
  const entry = entryOf(opened, file);
  const stored = await getObject(bucket, objectKey(opened.modelId, file));
  if (stored.size !== entry.sizeBytes) throw new PackageError("rejected", `size of ${file}`);
  const digest = await pump(stored.body, entry.sizeBytes, sink);
  if (digest !== entry.sha256) throw new PackageError("rejected", `sha256 of ${file}`);
}

/** The size of a file in bytes, as the manifest has it. */
export function sizeOf(opened: ModelPackage, file: string): number {
  return entryOf(opened, file).sizeBytes;
}

function entryOf({ manifest }: ModelPackage, file: string) {
  const entry = manifest.files.find(({ name }) => name === file);
  if (entry === undefined) throw new PackageError("rejected", `${file} is not in the manifest`);
  return entry;
}

async function getObject(bucket: ModelBucket, key: string) {
  try {
    const stored = await bucket.get(key);
    if (stored !== null) return stored;
  } catch (error) {
    throw new PackageError("unavailable", `bucket: ${String(error)}`);
  }
  throw new PackageError("unavailable", `${key} is not in the bucket`);
}

/** Feeds every chunk to the sink and the hash; resolves to the hex digest. */
async function pump(
  body: ReadableStream<Uint8Array>,
  sizeBytes: number,
  sink: (chunk: Uint8Array, at: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  let at = 0;
  try {
    for await (const chunk of body) {
      if (at + chunk.byteLength > sizeBytes) throw new PackageError("rejected", "more bytes than announced");
      hash.update(chunk);
      sink(chunk, at);
      at += chunk.byteLength;
    }
  } catch (error) {
    if (error instanceof PackageError) throw error;
    throw new PackageError("unavailable", `bucket: ${String(error)}`);
  }
  if (at !== sizeBytes) throw new PackageError("unavailable", "fewer bytes than announced");
  return hash.digest("hex");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
