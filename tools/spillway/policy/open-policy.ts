/** What the policy's KV holds when a command begins. */

import { type WhereOptions, withKv } from "../kv/where.ts";
import { type PolicyKv, type PolicyState, readPolicyState, record } from "./repository.ts";

/** Hands over what is stored. Edits by other means are kept in the history even when the work fails. */
export function withPolicyState<T>(
  where: WhereOptions,
  work: (seen: PolicyState, kv: PolicyKv) => Promise<T>,
): Promise<T> {
  return withKv("POLICIES", where, async (kv) => {
    const seen = await readPolicyState(kv, new Date());
    for (const { name } of seen.unrecorded) {
      console.error(`  ! version ${name} was stored outside the spillway command; it is in the history now`);
    }
    if (seen.unsettled !== null) {
      const { entry, waitSeconds } = seen.unsettled;
      console.error(`  ! version ${entry.name} was stored a moment ago; KV may show it only in ${waitSeconds} s`);
    }
    let stored = false;
    try {
      const outcome = await work(seen, {
        ...kv,
        put: (key, text) => {
          // KV takes one write a second per key, and this one holds what was found too.
          stored = true;
          return kv.put(key, text);
        },
      });
      return outcome;
    } finally {
      if (!stored) await record(kv, seen);
    }
  });
}
