/** The event of a text that ended, from its answer or its refusal. Pure. */
import { type Refusal, type Result, statusOf } from "../refusal.ts";
import type { TextEnded, TextOutcome } from "./events.ts";
import type { InputOutcome } from "./outcome.ts";

type Ended = Pick<TextEnded, "arm" | "tookMs" | "policyVersion" | "assignedModel" | "country">;

/** What the ledger counts of a text. */
export function textEnded(result: Result<{ outcome: InputOutcome }>, ended: Ended): TextEnded {
  if (!result.ok) {
    const none = { side: null, origin: null, queueMs: null, model: null };
    const { refusal } = result;
    return { kind: "text-ended", ...ended, ...none, because: refusal.reason, outcome: outcomeOf(refusal) };
  }
  const { side, origin, because, model, queueMs, tookMs } = result.value.outcome;
  const edgeOnly = { queueMs: side === "edge" ? queueMs : null };
  return { kind: "text-ended", ...ended, ...edgeOnly, side, origin, because, model, tookMs, outcome: "ok" };
}

function outcomeOf({ code, reason }: Refusal): TextOutcome {
  if (reason === "caller-gone") return "gone";
  return statusOf(code) >= 500 ? `failed:${reason}` : `refused:${reason}`;
}
