/** Pure. Whether an isolate stays inside what was promised for it. */
import type { GatewayMemory } from "./gateway-memory.ts";
import { highestMiB, type Stage } from "./stage.ts";

/** Promised at DistilBERT's size, loading and 256 tokens included; the platform's limit is 128 MB, JS and wasm together. */
export const BUDGET_MIB = 112;
/** A thousand alternations without a pause must be survived: V8's garbage may take part of what the budget leaves free. */
export const ALTERNATIONS_MIB = 120;

/** Null when all of it holds; otherwise one sentence on what does not. */
export function broken({ stages, survived }: Pick<GatewayMemory, "stages" | "survived">): string | null {
  const over = stages.find((stage) => highestMiB(stage) > budgetMiB(stage));
  if (over !== undefined) {
    return `The isolate held ${highestMiB(over)} MiB at "${over.stage}"; ${budgetMiB(over)} MiB is its budget there.`;
  }
  if (!survived.sameIsolate) return "The isolate did not survive: another one answers now.";
  if (!survived.ready || !survived.sameHeap)
    return "The isolate's model did not survive: it was loaded again or is gone.";
  return null;
}

function budgetMiB({ id }: Stage): number {
  return id === "alternations" ? ALTERNATIONS_MIB : BUDGET_MIB;
}
