/** Pure. API keys: the text of a key, and the record that KV holds of it. */
import * as z from "zod";
import { parseJson } from "./json.ts";
import { duplicateKeys } from "./json-keys.ts";

export const ID_LENGTH = 12;
/** 32 letters and digits, five bits each, without those that look alike. */
export const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
export const SECRET_BYTES = 32;
export const SECRET_LENGTH = 43;

const ID = "[a-z2-7]{12}";
const KEY = new RegExp(`^spw_(${ID})_[A-Za-z0-9_-]{43}$`);
const WHOLE_ID = new RegExp(`^${ID}$`);

/**
 * @param id public: lists and traces show it
 * @param secret 32 random bytes in base64url. Its alphabet contains `_`, so a key is split by lengths.
 * @returns `spw_<id>_<secret>`
 */
export function keyText(id: string, secret: string): string {
  return `spw_${id}_${secret}`;
}

/** @returns the id in a key; null when the text is not a key */
export function idIn(key: string): string | null {
  return KEY.exec(key)?.[1] ?? null;
}

/** Whether a text is the id of a key, complete and in lower case. */
export function isId(text: string): boolean {
  return WHOLE_ID.test(text);
}

/** Prefix of the KV keys in the namespace KEYS. */
export const KEY_PREFIX = "key:";

/** @returns the KV key of a record */
export function kvKeyOf(id: string): string {
  return `${KEY_PREFIX}${id}`;
}

/** The permissions of a key. */
export const SCOPES = ["classify"] as const;
export type Scope = (typeof SCOPES)[number];

/** The sizes of the rate-limiting bindings: 60, 600 and 6,000 requests per minute and location, as configured in wrangler.toml. */
export const RATES = ["small", "standard", "large"] as const;
export type Rate = (typeof RATES)[number];
export const DEFAULT_RATE: Rate = "standard";

const time = z.iso.datetime();

/** Unknown fields of a later version are allowed. So is an unknown scope, which permits nothing. */
const keySchema = z.object({
  name: z.string(),
  /** Of the whole key. The key itself is never stored. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.string()),
  createdAt: time,
  expiresAt: time.nullable(),
  /** A tombstone: a deleted key would be a miss, which KV caches in the same way as a value. */
  revokedAt: time.nullable(),
  limits: z.object({ rate: z.enum(RATES).optional(), inputs: z.int().min(1).optional() }).optional(),
});

/** What KV holds of an API key. The `spillway` command writes it, the gateway reads it. */
export type KeyRecord = z.infer<typeof keySchema>;

/** @returns null when the text is not a record of a key, or gives a field twice: of two values of revokedAt the wrong one could win */
export function parseKeyRecord(text: string): KeyRecord | null {
  const record = keySchema.safeParse(parseJson(text)).data ?? null;
  return record !== null && duplicateKeys(text).length > 0 ? null : record;
}
