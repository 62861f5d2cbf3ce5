/**
 * Pure. How an API key is written: `spw_<id>_<secret>`. The id is public: it is shown in lists and traces. The secret is 32 random
 * bytes in base64url, whose alphabet has `_` too, so a key is taken apart by its lengths.
 */
import { z } from "zod";

export const ID_LENGTH = 12;
/** Five bits each, and none that is mistaken for another. */
export const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
export const SECRET_BYTES = 32;
export const SECRET_LENGTH = 43;

const ID = "[a-z2-7]{12}";
const KEY = new RegExp(`^spw_(${ID})_[A-Za-z0-9_-]{43}$`);
const WHOLE_ID = new RegExp(`^${ID}$`);

export function keyText(id: string, secret: string): string {
  return `spw_${id}_${secret}`;
}

/** The id in a key; null where the text is none. */
export function idIn(key: string): string | null {
  return KEY.exec(key)?.[1] ?? null;
}

export function isId(text: string): boolean {
  return WHOLE_ID.test(text);
}

/** Where KV has it. */
export const KEY_PREFIX = "key:";

export function kvKeyOf(id: string): string {
  return `${KEY_PREFIX}${id}`;
}

/** What KV holds of an API key: never the key, only the SHA-256 of it. Written by the `spillway` command, read by the gateway. */

/** What a key may be good for. */
export const SCOPES = ["classify"] as const;
export type Scope = (typeof SCOPES)[number];

/** Names of the rate-limiting bindings' sizes: 60, 600 and 6,000 requests a minute in one location, as wrangler.toml has them. */
export const RATES = ["small", "standard", "large"] as const;
export type Rate = (typeof RATES)[number];
export const DEFAULT_RATE: Rate = "standard";

const time = z.iso.datetime();

/** Fields of a later version are no fault, and neither is a scope that is not known here: it just opens nothing. */
const keySchema = z.object({
  name: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.string()),
  createdAt: time,
  expiresAt: time.nullable(),
  /** A tombstone: a key that is deleted would be a miss, which KV caches as it caches a value. */
  revokedAt: time.nullable(),
  limits: z.object({ rate: z.enum(RATES).optional(), inputs: z.int().min(1).optional() }).optional(),
});
export type KeyRecord = z.infer<typeof keySchema>;

/** Null where the text is no record of a key. */
export function parseKeyRecord(text: string): KeyRecord | null {
  try {
    return keySchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
