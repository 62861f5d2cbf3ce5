/** Who calls, and whether they may, now: a key or none → verified → within its rate. */
import { ok, type Result, refused } from "../refusal.ts";
import type { Call, Clock } from "../world.ts";
import type { Access } from "./access.ts";
import { addressOf } from "./address.ts";
import { type Caller, callerOf, type KeyHolder } from "./caller.ts";
import { checkKey, type KeyFacts } from "./check-key.ts";
import { credentialOf } from "./credential.ts";
import { noKey, twoKeys } from "./key-refusals.ts";
import { countedAs, countRequest } from "./rate.ts";

export type Authenticated = Result<Caller> & KeyFacts & { rateUnknown: boolean };

export async function authenticate(
  { headers, cf }: Request,
  access: Access,
  clock: Clock,
  call: Call,
): Promise<Authenticated> {
  const address = addressOf(headers);
  const holder = await holderOf(headers, address, access, clock, call);
  const { keyId, asked } = holder;
  if (!holder.ok) return { ...holder, rateUnknown: false };
  const rated = await countRequest(holder.value, address, access, clock);
  const { rateUnknown } = rated;
  if (!rated.ok) return { ...rated, keyId, asked };
  const isUncounted = holder.value === null && access.anonymous === "unlimited";
  const counted = isUncounted ? null : countedAs(holder.value?.id ?? null, address);
  return { ...ok(callerOf(headers, cf, holder.value, counted)), keyId, asked, rateUnknown };
}

/** Null for callers without a key, where they may come in. A wrong key is refused even there, so that its holder finds out early. */
async function holderOf(
  headers: Headers,
  address: string,
  access: Access,
  clock: Clock,
  call: Call,
): Promise<Result<KeyHolder | null> & KeyFacts> {
  const nothing = { keyId: null, asked: false };
  const sent = credentialOf(headers);
  if (sent.kind === "two") return { ...refused(twoKeys), ...nothing };
  if (sent.kind === "one") return checkKey(sent.text, address, access, clock, call);
  return { ...(access.anonymous === "refused" ? refused(noKey) : ok(null)), ...nothing };
}
