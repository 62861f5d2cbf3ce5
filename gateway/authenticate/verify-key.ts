/** Pure. Whether a key is the stored one, and valid now. */
import type { KeyRecord } from "../../formats/api-key.ts";
import { hasDigest } from "../../formats/bearer.ts";

/** The digest of no key. An unknown id takes the same steps as a wrong secret. */
const NO_DIGEST = "0".repeat(64);

export type KeyCheck =
  | { is: "valid"; record: KeyRecord }
  /** The secret is right, so the trace may show the id. */
  | { is: "key-revoked" | "key-expired" }
  | { is: "key-unknown" };

/** @param record null when nothing is stored under the key's id */
export function verifyKey(key: string, record: KeyRecord | null, nowMs: number): KeyCheck {
  const isSame = hasDigest(key, record?.sha256 ?? NO_DIGEST);
  if (record === null || !isSame) return { is: "key-unknown" };
  if (record.revokedAt !== null) return { is: "key-revoked" };
  if (record.expiresAt !== null && Date.parse(record.expiresAt) <= nowMs) return { is: "key-expired" };
  return { is: "valid", record };
}
