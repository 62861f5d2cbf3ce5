/** Pure. Whether a key is the one that is stored, and still good. */
import type { KeyRecord } from "../../keys/schema.ts";
import { hasDigest } from "./same-text.ts";

/** Of no key: an id that is not known takes the same steps as a wrong secret. */
const NO_DIGEST = "0".repeat(64);

export type Verdict =
  | { is: "valid"; record: KeyRecord }
  /** The secret is right all the same, so the id may be shown to the operator. */
  | { is: "key-revoked" | "key-expired" }
  | { is: "key-unknown" };

export function verifyKey(key: string, record: KeyRecord | null, nowMs: number): Verdict {
  const isSame = hasDigest(key, record?.sha256 ?? NO_DIGEST);
  if (record === null || !isSame) return { is: "key-unknown" };
  if (record.revokedAt !== null) return { is: "key-revoked" };
  if (record.expiresAt !== null && Date.parse(record.expiresAt) <= nowMs) return { is: "key-expired" };
  return { is: "valid", record };
}
