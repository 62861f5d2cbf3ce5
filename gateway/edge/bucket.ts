/** Reads from the bucket. Bytes are hashed while they stream in, and nobody may use them before the digest was compared. */
import { createHash } from "node:crypto";

/** The part of an R2 object's body that is needed: reads that fill a buffer of our own. */
interface ByteBody {
  getReader(options: { mode: "byob" }): {
    readAtLeast(minBytes: number, buffer: Uint8Array): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  };
}

/** The part of an R2 bucket that is needed. */
export interface ModelBucket {
  get(key: string): Promise<{ body: ByteBody; size: number } | null>;
  list(options: { prefix: string }): Promise<{ objects: readonly StoredObject[]; truncated: boolean }>;
}

export interface StoredObject {
  key: string;
  size: number;
  /** Changes with each upload, of the same bytes too: what was mended in place must be looked at again. */
  version: string;
}

/** One buffer is filled over and over: R2 hands out pieces of 4 KB, and an object for each piece would cost more than its bytes. */
const READ_BYTES = 1_048_576;

/** Everything under a prefix, by the rest of its name. @throws PackageError */
export async function listObjects(bucket: ModelBucket, prefix: string): Promise<ReadonlyMap<string, StoredObject>> {
  const { objects, truncated } = await bucket.list({ prefix }).catch(unavailable);
  // A thousand objects come in one page; a package has a handful.
  if (truncated) throw new PackageError("rejected", "too many files");
  return new Map(objects.map((object) => [object.key.slice(prefix.length), object]));
}

/** A small object as a whole, and the SHA-256 of its bytes in hex. @throws PackageError */
export async function readObject(bucket: ModelBucket, key: string, maxBytes: number) {
  const stored = await getObject(bucket, key);
  if (stored.size > maxBytes) throw new PackageError("rejected", `${nameOf(key)} is too large`);
  const bytes = new Uint8Array(stored.size);
  const sha256 = await pump(stored.body, stored.size, (chunk, at) => bytes.set(chunk, at));
  return { text: new TextDecoder().decode(bytes), sha256 };
}

/** Streams an object of a known size and digest into `sink`; what the sink holds must not be used unless this resolves. @throws PackageError */
export async function streamObject(
  bucket: ModelBucket,
  key: string,
  expected: { sizeBytes: number; sha256: string },
  sink: (chunk: Uint8Array, at: number) => void,
): Promise<void> {
  const stored = await getObject(bucket, key);
  if (stored.size !== expected.sizeBytes) throw new PackageError("rejected", `size of ${nameOf(key)}`);
  const digest = await pump(stored.body, expected.sizeBytes, sink);
  if (digest !== expected.sha256) throw new PackageError("rejected", `sha256 of ${nameOf(key)}`);
}

async function getObject(bucket: ModelBucket, key: string) {
  const stored = await bucket.get(key).catch(unavailable);
  if (stored === null) throw new PackageError("rejected", `${nameOf(key)} is missing`);
  return stored;
}

/** Feeds every chunk to the sink and the hash; resolves to the hex digest. A chunk is only good until the next one. */
async function pump(body: ByteBody, sizeBytes: number, sink: (chunk: Uint8Array, at: number) => void): Promise<string> {
  const hash = createHash("sha256");
  const reader = body.getReader({ mode: "byob" });
  let buffer: Uint8Array = new Uint8Array(Math.min(READ_BYTES, sizeBytes + 1));
  let at = 0;
  for (;;) {
    const { value, done } = await reader.readAtLeast(buffer.byteLength, buffer).catch(unavailable);
    if (value === undefined) break;
    if (at + value.byteLength > sizeBytes) throw new PackageError("rejected", "more bytes than announced");
    hash.update(value);
    sink(value, at);
    at += value.byteLength;
    if (done) break;
    buffer = new Uint8Array(value.buffer);
  }
  if (at !== sizeBytes) throw new PackageError("unavailable", "fewer bytes than announced");
  return hash.digest("hex");
}

function unavailable(error: unknown): never {
  throw new PackageError("unavailable", `bucket: ${String(error)}`);
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
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
