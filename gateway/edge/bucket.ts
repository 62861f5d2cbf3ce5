/** Reads from the bucket. Bytes are hashed while they stream in, and must not be used before their digest was compared. */
import { describeFault } from "../../formats/model-package/package-fault.ts";
import { Sha256Stream } from "../../formats/sha256.ts";

/** The part of an R2 object's body that is needed: reads that fill the caller's buffer. */
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
  /** Changes with each upload, even of the same bytes: an object that was repaired in place is read again. */
  version: string;
}

/** Receives bytes and where they belong. A chunk is overwritten by the next one. */
export type ChunkSink = (chunk: Uint8Array, at: number) => void;

/**
 * One buffer for all reads: R2 returns pieces of 4 KB, and an array for each piece would cost more than its bytes. Hashing, copying and
 * checking so much takes less than a millisecond.
 */
const READ_BYTES = 262_144;

/**
 * The same bucket with a pause behind each answer and each read. Without it nothing else runs between reads whose bytes have arrived
 * already: those are no I/O.
 */
export function pausing(bucket: ModelBucket, pause: () => Promise<unknown>): ModelBucket {
  const paused = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    const value = await answer;
    await pause();
    return value;
  };
  return {
    list: (options) => paused(bucket.list(options)),
    get: async (key) => {
      const stored = await paused(bucket.get(key));
      if (stored === null) return null;
      const getReader: ByteBody["getReader"] = (options) => {
        const reader = stored.body.getReader(options);
        return { readAtLeast: (minBytes, buffer) => paused(reader.readAtLeast(minBytes, buffer)) };
      };
      return { size: stored.size, body: { getReader } };
    },
  };
}

/** Everything under a prefix, by the rest of its name. @throws PackageError */
export async function listObjects(bucket: ModelBucket, prefix: string): Promise<ReadonlyMap<string, StoredObject>> {
  const { objects, truncated } = await bucket.list({ prefix }).catch(unavailable);
  // One page has 1000 objects; a package has a handful.
  if (truncated) throw new PackageError("rejected", "too many files");
  return new Map(objects.map((object) => [object.key.slice(prefix.length), object]));
}

/** The bytes of a small object, not verified. @throws PackageError */
export async function readObject(bucket: ModelBucket, key: string, maxBytes: number): Promise<Uint8Array> {
  const stored = await getObject(bucket, key);
  if (stored.size > maxBytes) throw new PackageError("rejected", `${nameOf(key)} is too large`);
  const bytes = new Uint8Array(stored.size);
  await pump(stored.body, stored.size, (chunk, at) => bytes.set(chunk, at));
  return bytes;
}

/** Streams an object of a known size and digest into `sink`. The sink's bytes are verified only when this resolves. @throws PackageError */
export async function streamObject(
  bucket: ModelBucket,
  key: string,
  listed: { sizeBytes: number; sha256: string },
  sink: ChunkSink,
): Promise<void> {
  const file = nameOf(key);
  const { body, size: sizeBytes } = await getObject(bucket, key);
  if (sizeBytes !== listed.sizeBytes) {
    throw new PackageError("rejected", describeFault({ kind: "size", file, sizeBytes, listedBytes: listed.sizeBytes }));
  }
  const sha256 = await pump(body, sizeBytes, sink);
  if (sha256 !== listed.sha256) {
    throw new PackageError("rejected", describeFault({ kind: "digest", file, sha256, listed: listed.sha256 }));
  }
}

async function getObject(bucket: ModelBucket, key: string) {
  const stored = await bucket.get(key).catch(unavailable);
  if (stored === null) throw new PackageError("rejected", describeFault({ kind: "missing", file: nameOf(key) }));
  return stored;
}

/** Passes every chunk to the sink and the hash; resolves to the hex digest. */
async function pump(body: ByteBody, sizeBytes: number, sink: ChunkSink): Promise<string> {
  const hash = new Sha256Stream();
  const reader = body.getReader({ mode: "byob" });
  let buffer: Uint8Array = new Uint8Array(Math.min(READ_BYTES, sizeBytes + 1));
  let at = 0;
  for (;;) {
    const { value, done } = await reader.readAtLeast(buffer.byteLength, buffer).catch(unavailable);
    if (value === undefined) break;
    if (at + value.byteLength > sizeBytes) throw new PackageError("rejected", "more bytes than announced");
    hash.add(value);
    sink(value, at);
    at += value.byteLength;
    if (done) break;
    buffer = new Uint8Array(value.buffer);
  }
  if (at !== sizeBytes) throw new PackageError("unavailable", "fewer bytes than announced");
  return hash.hex();
}

function unavailable(error: unknown): never {
  throw new PackageError("unavailable", `bucket: ${String(error)}`);
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** `rejected`: the stored package is not the wanted one, and reading again will not help. `unavailable`: it could not be read now. */
export class PackageError extends Error {
  readonly kind: "rejected" | "unavailable";
  constructor(kind: "rejected" | "unavailable", reason: string) {
    super(reason);
    this.name = "PackageError";
    this.kind = kind;
  }
}
