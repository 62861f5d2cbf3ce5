/** Refuses connections older than the policy allows: what they carry could be read on the way. */
import { ok, type Refusal, type Result, refused } from "../refusal.ts";
import type { Caller } from "./caller.ts";

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
