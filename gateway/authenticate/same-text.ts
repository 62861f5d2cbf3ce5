/** Compares secrets by their digests, in a time that does not depend on where they differ. */
import { createHash, timingSafeEqual } from "node:crypto";

export function sha256Of(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** `sha256Hex` is of the secret that is expected, 64 hex digits. */
export function hasDigest(text: string, sha256Hex: string): boolean {
  return timingSafeEqual(sha256Of(text), Buffer.from(sha256Hex, "hex"));
}
