/** A key may have been given fewer inputs in one request than the policy allows everybody. */

import type { Caller } from "../authenticate/caller.ts";
import { ok, type Refusal, type Result, refused } from "../refusal.ts";

export function checkInputs(inputs: number, { inputsMax }: Caller): Result<null> {
  if (inputsMax === null || inputs <= inputsMax) return ok(null);
  return refused({
    code: "too-large",
    publicText: `\`inputs\` holds ${inputs} texts; at most ${inputsMax} are allowed in one request with this API key.`,
    reason: "key-inputs",
  });
}

/** Refuses connections older than the policy allows: what they carry could be read on the way. */

export function checkTls({ tls }: Caller, minTls: string): Result<null> {
  // Versions of one digit after the dot, so that text compares as numbers do; "none" is less than all.
  if (tls === null || (tls !== "none" && tls >= minTls)) return ok(null);
  const refusal: Refusal = {
    code: "forbidden",
    publicText: `Connect with TLS ${minTls} or newer.`,
    reason: `tls-${tls}`,
  };
  return refused(refusal);
}
