/** The first step of the request path: a key or none → verified → within its rate limit → a caller. */
import { idIn } from "../../formats/api-key.ts";
import { addressOf } from "../../formats/caller-address.ts";
import type { Clock, Lifetime } from "../call.ts";
import { ok, type Refusal, type Result, refuse } from "../refusal.ts";
import { inLeafSpan, recordStanding } from "../telemetry/span.ts";
import type { Access } from "./access.ts";
import { type Caller, callerOf, connectionOf, type KeyHolder } from "./caller.ts";
import { credentialOf } from "./credential.ts";
import {
  invalidKey,
  keysUnavailable,
  malformedKey,
  noKey,
  tooManyFailures,
  twoKeys,
  wrongScope,
} from "./key-refusals.ts";
import { countedAs, countRequest } from "./limiter.ts";
import { verifyKey } from "./verify-key.ts";

/** Facts about the key for the trace, whatever the result. */
interface KeyFacts {
  /** The id of a key whose secret is right; null otherwise. */
  keyId: string | null;
  /** Whether KV was asked for the key. */
  asked: boolean;
}

/** `rateUnknown`: the limiter did not answer, and the request was accepted. */
export type Authenticated = Result<Caller> & KeyFacts & { rateUnknown: boolean };

interface Parts {
  access: Access;
  clock: Clock;
}

/** Identifies the caller of a request. Its span shows the country, the network's number, the TLS version and the key's id. */
export function authenticate(request: Request, parts: Parts, lifetime: Lifetime): Promise<Authenticated> {
  return inLeafSpan("authenticate", {}, async (span) => {
    const { location, asn, tls } = connectionOf(request.cf);
    if (location.country !== null) span.setAttribute("geo.country.iso_code", location.country);
    if (asn !== null) span.setAttribute("spillway.client.asn", asn);
    if (tls !== null && tls !== "none") span.setAttribute("tls.protocol.version", tls);
    const authenticated = await authenticateCaller(request, parts, lifetime);
    const { keyId, asked, rateUnknown } = authenticated;
    if (keyId !== null) span.setAttribute("spillway.api_key.id", keyId);
    if (asked) span.setAttribute("spillway.api_key.asked", true);
    if (rateUnknown) span.setAttribute("spillway.rate.unknown", true);
    // The holder of a revoked key is a stranger; one whose rate is used up is not.
    if (keyId !== null && (authenticated.ok || authenticated.refusal.code !== "unauthorized"))
      recordStanding("key-holder");
    else if (authenticated.ok) recordStanding("anonymous");
    return authenticated;
  });
}

async function authenticateCaller({ headers, cf }: Request, parts: Parts, lifetime: Lifetime): Promise<Authenticated> {
  const { access, clock } = parts;
  const address = addressOf(headers);
  const holder = await holderOf({ headers, address }, parts, lifetime);
  const { keyId, asked } = holder;
  if (!holder.ok) return { ...holder, rateUnknown: false };
  const counted = await countRequest(holder.value, address, access, clock);
  const { rateUnknown } = counted;
  if (!counted.ok) return { ...counted, keyId, asked };
  const isUnlimited = holder.value === null && access.anonymous === "unlimited";
  const slotsOf = isUnlimited ? null : countedAs(holder.value?.id ?? null, address);
  return { ...ok(callerOf(headers, cf, holder.value, slotsOf)), keyId, asked, rateUnknown };
}

interface Sender {
  headers: Headers;
  address: string;
}

/**
 * Null for a caller without a key, if anonymous access is allowed. A wrong key is refused in any case, so that its holder notices; a bearer
 * token that is none of Spillway's counts as none then, since Hugging Face clients send theirs to every server.
 */
async function holderOf(
  { headers, address }: Sender,
  parts: Parts,
  lifetime: Lifetime,
): Promise<Result<KeyHolder | null> & KeyFacts> {
  const none = { keyId: null, asked: false };
  const sent = credentialOf(headers, parts.access.anonymous !== "refused");
  if (sent.kind === "two") return { ...refuse(twoKeys), ...none };
  if (sent.kind === "one") return checkKey(sent.text, address, parts, lifetime);
  return { ...(parts.access.anonymous === "refused" ? refuse(noKey) : ok(null)), ...none };
}

/** Looks the key up and verifies it. A wrong key counts against the address. */
async function checkKey(
  key: string,
  address: string,
  parts: Parts,
  lifetime: Lifetime,
): Promise<Result<KeyHolder> & KeyFacts> {
  const { access, clock } = parts;
  const { keys, failedAttempts } = access;
  const failed = async (why: Refusal, facts: KeyFacts) => {
    const blockedMs = await failedAttempts.keys.recordFailure(address);
    return { ...refuse(blockedMs > 0 ? tooManyFailures(blockedMs) : why), ...facts };
  };
  const id = idIn(key);
  // It guesses no key, so it does not count against the address, which other callers may share.
  if (id === null) return { ...refuse(malformedKey), keyId: null, asked: false };
  const lookup = await lookupOf(id, address, parts, lifetime);
  if (lookup.waitMs > 0) return { ...refuse(tooManyFailures(lookup.waitMs)), keyId: null, asked: lookup.asked };
  const { asked: askedForKey, ...read } = await keys.read(id, lifetime.keepAlive);
  const asked = askedForKey || lookup.asked;
  if (read.state === "unavailable") return { ...refuse(keysUnavailable("keys-unavailable")), keyId: null, asked };
  if (read.state === "unreadable") return { ...refuse(keysUnavailable("key-unreadable")), keyId: null, asked };
  const checked = verifyKey(key, read.state === "found" ? read.record : null, clock.nowMs());
  if (checked.is === "key-unknown") return failed(invalidKey(checked.is), { keyId: null, asked });
  if (checked.is !== "valid") return failed(invalidKey(checked.is), { keyId: id, asked });
  const { scopes, limits } = checked.record;
  if (!scopes.includes("classify")) return { ...refuse(wrongScope), keyId: id, asked };
  return { ...ok({ id, rate: limits?.rate ?? null, inputsMax: limits?.inputs ?? null }), keyId: id, asked };
}

/**
 * Whether a key may be looked up now. Behind a blocked address a stored key always may, since other callers may share the address, in an
 * office or a cloud; a guess with another id may only where that asks KV for nothing, or once in a while.
 * @returns `waitMs`: 0, or the time until such a guess may be looked up; `asked`: whether KV was asked
 */
async function lookupOf(
  id: string,
  address: string,
  { access: { keys, failedAttempts } }: Parts,
  { keepAlive }: Lifetime,
): Promise<{ waitMs: number; asked: boolean }> {
  if (keys.knows(id) || !failedAttempts.keys.isBlocked(address)) return { waitMs: 0, asked: false };
  const { isListed, asked } = await keys.lists(id, keepAlive);
  return { waitMs: isListed ? 0 : failedAttempts.keys.waitForGuessMs(address), asked };
}
