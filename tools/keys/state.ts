/** Pure. What a key is good for now. */
import type { KeyRecord } from "../../keys/schema.ts";

export type KeyState = "active" | "expired" | "revoked" | "unreadable";

export function stateOf(record: KeyRecord | null, now: Date): KeyState {
  if (record === null) return "unreadable";
  if (record.revokedAt !== null) return "revoked";
  return record.expiresAt !== null && Date.parse(record.expiresAt) <= now.getTime() ? "expired" : "active";
}
