/** Who calls, and whether they may, now: a key or none → verified → within its rate. */

import type { Clock, Lifetime } from "../call.ts";
import { ok, type Result, refused } from "../refusal.ts";
import { inSpan } from "../telemetry/span.ts";
import type { Access } from "./access.ts";
import { addressOf } from "./address.ts";
import { type Caller, callerOf, connectionOf, type KeyHolder } from "./caller.ts";
import { checkKey, type KeyFacts } from "./check-key.ts";
import { credentialOf } from "./credential.ts";
import { noKey, twoKeys } from "./key-refusals.ts";
import { countedAs, countRequest } from "./rate.ts";

export type Authenticated = Result<Caller> & KeyFacts & { rateUnknown: boolean };

/** Also records on its span what a trace shows of the caller: the country, the network's number, the TLS version and the key's id. */
export function authenticate(
  request: Request,
  { access, clock }: { access: Access; clock: Clock },
  lifetime: Lifetime,
): Promise<Authenticated> {
  return inSpan("authenticate", {}, async (span) => {
    const { location, asn, tls } = connectionOf(request.cf);
    if (location.country !== null) span.setAttribute("geo.country.iso_code", location.country);
    if (asn !== null) span.setAttribute("spillway.client.asn", asn);
    if (tls !== null && tls !== "none") span.setAttribute("tls.protocol.version", tls);
    const authenticated = await authenticateCaller(request, access, clock, lifetime);
    const { keyId, asked, rateUnknown } = authenticated;
    if (keyId !== null) span.setAttribute("spillway.api_key.id", keyId);
    if (asked) span.setAttribute("spillway.api_key.asked", true);
    if (rateUnknown) span.setAttribute("spillway.rate.unknown", true);
    return authenticated;
  });
}

async function authenticateCaller(
  { headers, cf }: Request,
  access: Access,
  clock: Clock,
  lifetime: Lifetime,
): Promise<Authenticated> {
  const address = addressOf(headers);
  const holder = await holderOf(headers, address, access, clock, lifetime);
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
  lifetime: Lifetime,
): Promise<Result<KeyHolder | null> & KeyFacts> {
  const nothing = { keyId: null, asked: false };
  const sent = credentialOf(headers);
  if (sent.kind === "two") return { ...refused(twoKeys), ...nothing };
  if (sent.kind === "one") return checkKey(sent.text, address, access, clock, lifetime);
  return { ...(access.anonymous === "refused" ? refused(noKey) : ok(null)), ...nothing };
}
