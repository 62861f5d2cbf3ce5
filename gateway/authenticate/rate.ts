/** How often a caller may ask: by the key, or by the address of a caller who has none. */
import { DEFAULT_RATE } from "../../formats/api-key.ts";
import { ok, type Result, refused } from "../refusal.ts";
import { type Clock } from "../call.ts";
import type { Access } from "./access.ts";
import type { KeyHolder } from "./caller.ts";
import { tooManyRequests } from "./key-refusals.ts";
import { isWithin, PERIOD_MS } from "./limiter.ts";

/** `rateUnknown`: the limiter gave no answer, and the request was let through. */
export type Counted = Result<null> & { rateUnknown: boolean };

export async function countRequest(
  holder: KeyHolder | null,
  address: string,
  { anonymous, limiters }: Access,
  clock: Clock,
): Promise<Counted> {
  const rate = holder === null ? anonymous : (holder.rate ?? DEFAULT_RATE);
  if (rate === "unlimited" || rate === "refused") return { ...ok(null), rateUnknown: false };
  const within = await isWithin(limiters[rate], countedAs(holder?.id ?? null, address), clock);
  if (within !== false) return { ...ok(null), rateUnknown: within === null };
  return {
    ...refused(tooManyRequests(holder === null ? "address-rate" : "key-rate", PERIOD_MS)),
    rateUnknown: false,
  };
}

/** Pure. Whom a request is counted against, in memory alone: a key by its id, a caller without one by the address. */
export function countedAs(keyId: string | null, address: string): string {
  return keyId === null ? `address:${address}` : `key:${keyId}`;
}
