/** A key that was sent: looked up, verified, and counted against the address where it is wrong. */
import { idIn } from "../../formats/api-key.ts";
import type { Clock, Lifetime } from "../call.ts";
import { ok, type Refusal, type Result, refused } from "../refusal.ts";
import type { Access } from "./access.ts";
import type { KeyHolder } from "./caller.ts";
import { invalidKey, keysUnavailable, malformedKey, tooManyFailures, wrongScope } from "./key-refusals.ts";
import { verifyKey } from "./verify-key.ts";

/** What a trace may tell of it, whatever comes of it. */
export interface KeyFacts {
  /** Of a key whose secret is right; null otherwise. */
  keyId: string | null;
  /** Whether KV was asked for it. */
  asked: boolean;
}

export async function checkKey(
  key: string,
  address: string,
  { keys, failedAttempts }: Access,
  clock: Clock,
  lifetime: Lifetime,
): Promise<Result<KeyHolder> & KeyFacts> {
  const failed = async (why: Refusal, facts: KeyFacts) => {
    const blockedMs = await failedAttempts.recordFailure(address);
    return { ...refused(blockedMs > 0 ? tooManyFailures(blockedMs) : why), ...facts };
  };
  const id = idIn(key);
  if (id === null) return failed(malformedKey, { keyId: null, asked: false });
  const blockedMs = failedAttempts.blockedForMs(address);
  // A key that is known here is still looked at: others at its address, an office or a cloud, are not its holder's fault.
  if (blockedMs > 0 && !keys.knows(id)) return { ...refused(tooManyFailures(blockedMs)), keyId: null, asked: false };
  const { asked, ...read } = await keys.read(id, lifetime.keepAlive);
  if (read.state === "unavailable") return { ...refused(keysUnavailable("keys-unavailable")), keyId: null, asked };
  if (read.state === "unreadable") return { ...refused(keysUnavailable("key-unreadable")), keyId: null, asked };
  const checked = verifyKey(key, read.state === "found" ? read.record : null, clock.nowMs());
  if (checked.is === "key-unknown") return failed(invalidKey(checked.is), { keyId: null, asked });
  if (checked.is !== "valid") return failed(invalidKey(checked.is), { keyId: id, asked });
  const { scopes, limits } = checked.record;
  if (!scopes.includes("classify")) return { ...refused(wrongScope), keyId: id, asked };
  return { ...ok({ id, rate: limits?.rate ?? null, inputsMax: limits?.inputs ?? null }), keyId: id, asked };
}
