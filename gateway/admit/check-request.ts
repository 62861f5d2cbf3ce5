/** What a request must satisfy beyond its shape: the inputs of its API key, the policy's TLS version; and the policy, its age. */
import type { Caller } from "../authenticate/caller.ts";
import { ok, type Refusal, type Result, refuse } from "../refusal.ts";

/** An API key may allow fewer inputs in one request than the policy does. */
export function checkInputs(inputs: number, { inputsMax }: Caller): Result<null> {
  if (inputsMax === null || inputs <= inputsMax) return ok(null);
  return refuse({
    code: "too-large",
    publicText: `\`inputs\` has ${inputs} texts; at most ${inputsMax} are allowed per request with this API key.`,
    reason: "key-inputs",
  });
}

/** A connection with an older TLS version than the policy allows could be read in transit. */
export function checkTls({ tls }: Caller, minTls: string): Result<null> {
  // Versions of one digit after the dot, so that text compares as numbers do; "none" is less than all.
  if (tls === null || (tls !== "none" && tls >= minTls)) return ok(null);
  const refusal: Refusal = {
    code: "forbidden",
    publicText: `Connect with TLS ${minTls} or newer.`,
    reason: `tls-${tls}`,
  };
  return refuse(refusal);
}

/** The policy in force may be older than the deployment allows, or the defaults: without the rules that callers rely on. */
export function checkPolicyVersion(version: number, minVersion: number): Result<null> {
  if (version >= minVersion) return ok(null);
  return refuse({
    code: "unavailable",
    publicText: "The routing policy cannot be read at the moment. Retry after the time in Retry-After.",
    reason: "policy-too-old",
    retryAfterMs: 2000,
  });
}
