/** The first step of every `spillway policy` command: opens KV and reads the policy with its history. */

import {
  type PolicyKv,
  type PolicyState,
  readPolicyState,
  recordOutsideEdits,
} from "../../../policies/versions/repository.ts";
import { type WhereOptions, withKv } from "../kv/where.ts";

/**
 * Runs `work` on the policy. Edits that were made outside of the spillway command are recorded in the history, also when `work` fails.
 */
export function withPolicyState<T>(
  where: WhereOptions,
  work: (seen: PolicyState, kv: PolicyKv) => Promise<T>,
): Promise<T> {
  return withKv("POLICIES", where, async (kv) => {
    const seen = await readPolicyState(kv, new Date());
    for (const { name } of seen.unrecorded) {
      console.error(`  ! version ${name} was saved outside the spillway command; the history now contains it`);
    }
    if (seen.unsettled !== null) {
      const { entry, waitSeconds } = seen.unsettled;
      console.error(`  ! version ${entry.name} was just saved; KV may return the previous one for ${waitSeconds} s`);
    }
    let hasSaved = false;
    try {
      return await work(seen, {
        ...kv,
        put: (key, text) => {
          // KV accepts one write per second and key. A saved version writes the history too, with the recorded edits.
          hasSaved = true;
          return kv.put(key, text);
        },
      });
    } finally {
      if (!hasSaved) await recordOutsideEdits(kv, seen);
    }
  });
}
