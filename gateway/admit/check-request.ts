/** What a request must satisfy beyond its shape: the inputs that its API key allows, and the TLS version that the policy requires. */
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
