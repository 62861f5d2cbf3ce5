/** What KV holds of an API key: never the key, only the SHA-256 of it. Written by the `spillway` command, read by the gateway. */
import { z } from "zod";

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
