/** Keys in real KV, as the `spillway` command stores them. */
import { env } from "cloudflare:workers";
import { createHash, randomBytes } from "node:crypto";
import { ID_ALPHABET, ID_LENGTH, type KeyRecord, keyText, kvKeyOf } from "../../../formats/api-key.ts";

export interface StoredKey {
  id: string;
  key: string;
  /** Writes the record again, with these values. */
  change(values: Partial<KeyRecord>): Promise<void>;
}

/** @returns a key that is not stored, with an id that no test has used */
export function freshKey(): string {
  const id = Array.from(randomBytes(ID_LENGTH), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join("");
  return keyText(id, randomBytes(32).toString("base64url"));
}

let made = 0;

/** Ids count on, so that no two tests of a file share what the limiters know. `secret` is padded to its length. */
export async function storeKey(values: Partial<KeyRecord> = {}, secret = ""): Promise<StoredKey> {
  made += 1;
  const id = [...String(made).padStart(12, "0")].map((digit) => String.fromCharCode(97 + Number(digit))).join("");
  const key = keyText(id, (secret + randomBytes(32).toString("base64url")).slice(0, 43));
  let record: KeyRecord = {
    name: "a test",
    sha256: createHash("sha256").update(key).digest("hex"),
    scopes: ["classify"],
    createdAt: "2026-01-01T00:00:00.000Z",
    expiresAt: null,
    revokedAt: null,
    ...values,
  };
  const put = () => env.KEYS.put(kvKeyOf(id), JSON.stringify(record));
  await put();
  return {
    id,
    key,
    change: async (changed) => {
      record = { ...record, ...changed };
      await put();
    },
  };
}
