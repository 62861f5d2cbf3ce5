/** Reads the policy, and puts it into force on both sides and for the sampling of the request's trace. */
import { plainSentence } from "../formats/otlp/plain.ts";
import type { PolicyRead } from "../policies/store.ts";
import type { Lifetime } from "./call.ts";
import { obey } from "./sides.ts";
import { inLeafSpan, recordSampling } from "./telemetry/span.ts";
import type { World } from "./world.ts";

/** Reads the policy of this request. It never rejects: if KV fails, the last good policy or the defaults are in force. */
export function readPolicy({ policies, sides }: World, { keepAlive }: Lifetime): Promise<PolicyRead> {
  return inLeafSpan("policy", {}, async (span) => {
    const read = await policies.read(keepAlive);
    const { policy, source, problem, asked } = read;
    obey(sides, policy);
    recordSampling(policy.sampling);
    span.setAttributes({
      "spillway.policy.version": policy.version,
      "spillway.policy.source": source,
      "spillway.policy.asked": asked,
      ...(problem !== null && { "spillway.policy.problem": plainSentence(problem) }),
    });
    return read;
  });
}
