/** SHA-256, for every part of the repository. By `node:crypto`, which workerd has too: only it can hash a stream in pieces. */
import { createHash, type Hash, hash } from "node:crypto";

/** The digest of bytes, or of a text in UTF-8: 32 bytes. */
export function sha256(data: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash("sha256", data, "buffer"));
}

/** The digest of bytes, or of a text in UTF-8: 64 lowercase hex digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash("sha256", data, "hex");
}

/**
 * One digest of several files: of their digests and names, in the order of the lines. The same files have the same digest on every machine.
 * @param digests lowercase hex by file name
 */
export function digestOfFiles(digests: ReadonlyMap<string, string>): string {
  return sha256Hex(
    [...digests]
      .map(([name, digest]) => `${digest}  ${name}\n`)
      .sort()
      .join(""),
  );
}

/** The digest of bytes that arrive in pieces. */
export class Sha256Stream {
  readonly #hash: Hash = createHash("sha256");

  /** The bytes may be overwritten as soon as this returns. */
  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  /** 64 lowercase hex digits. Call it once, after the last piece. */
  hex(): string {
    return this.#hash.digest("hex");
  }
}
