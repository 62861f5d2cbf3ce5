/** One try on one side. */
import type { Policy } from "../policies/schema.ts";
import type { Admitted } from "./admit/admit.ts";
import type { SideRoute } from "./decide/route.ts";
import { inSpan, recordFailure } from "./record/span.ts";
import type { Call, SideResult, World } from "./world.ts";

export async function runOn(
  route: SideRoute,
  admitted: Admitted,
  policy: Policy,
  { edge, origins }: World,
  call: Call,
): Promise<SideResult> {
  if (route.side === "origin") {
    const limits = { timeoutMs: policy.origin.timeoutMs, maxTokens: policy.limits.originTokens };
    return origins.call(route.origin, admitted.text, limits, call);
  }
  // A cold isolate may not have counted the tokens; now that the edge must answer, they are needed.
  const tokenized = admitted.tokenized ?? (await edge.tokenizeWhenLoaded(admitted.text, call));
  if (tokenized === null) return { ok: false, failure: { reason: "edge-no-tokenizer", kind: "failed" } };
  const tokens = tokenized.tokenIds.length;
  if (tokens > Math.min(policy.edge.maxTokens, edge.conditions().maxTokens ?? 0)) {
    return { ok: false, failure: { reason: "edge-too-long", kind: "failed" } };
  }
  return inSpan("edge inference", { "spillway.tokens": tokens }, async (span) => {
    const result = await edge.run(tokenized, call);
    span.setAttribute("spillway.edge.heap_bytes", edge.status().heapBytes);
    if (result.ok) span.setAttribute("spillway.edge.queue_ms", result.answer.timings.queueMs ?? 0);
    else recordFailure(span, result.failure.reason);
    return result;
  });
}
