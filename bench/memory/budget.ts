/** Pure. Whether an isolate stays inside what was promised for it. */
import type { GatewayMemory } from "./gateway-memory.ts";

/** Promised at DistilBERT's size, loading and 256 tokens included; the platform's limit is 128 MB, JS and wasm together. */
export const BUDGET_MIB = 112;

/** Null when all of it holds; otherwise one sentence on what does not. */
export function broken({ peakMiB, survived }: Pick<GatewayMemory, "peakMiB" | "survived">): string | null {
  if (peakMiB > BUDGET_MIB) return `The isolate held ${peakMiB} MiB; ${BUDGET_MIB} MiB is its budget.`;
  if (!survived.sameIsolate) return "The isolate did not survive: another one answers now.";
  if (!survived.ready || !survived.sameHeap)
    return "The isolate's model did not survive: it was loaded again or is gone.";
  return null;
}
