/** Pure. Whether a key is the one that is stored, and still good. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { KeyRecord } from "../../formats/api-key.ts";

/** Of no key: an id that is not known takes the same steps as a wrong secret. */
const NO_DIGEST = "0".repeat(64);

export type KeyCheck =
  | { is: "valid"; record: KeyRecord }
  /** The secret is right all the same, so the id may be shown to the operator. */
  | { is: "key-revoked" | "key-expired" }
  | { is: "key-unknown" };

export function verifyKey(key: string, record: KeyRecord | null, nowMs: number): KeyCheck {
  const isSame = hasDigest(key, record?.sha256 ?? NO_DIGEST);
  if (record === null || !isSame) return { is: "key-unknown" };
  if (record.revokedAt !== null) return { is: "key-revoked" };
  if (record.expiresAt !== null && Date.parse(record.expiresAt) <= nowMs) return { is: "key-expired" };
  return { is: "valid", record };
}

/** Compares secrets by their digests, in a time that does not depend on where they differ. */

export function sha256Of(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** `sha256Hex` is of the secret that is expected, 64 hex digits. */
export function hasDigest(text: string, sha256Hex: string): boolean {
  return timingSafeEqual(sha256Of(text), Buffer.from(sha256Hex, "hex"));
}
