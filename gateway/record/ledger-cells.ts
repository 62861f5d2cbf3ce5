/** Which events the ledger counts, and in which series. Pure. */

import type { Cells } from "../../formats/ledger/cells.ts";
import type { Billed } from "../../formats/ledger/prices.ts";
import { type Series, seriesOf } from "../../formats/ledger/series.ts";
import { plainSentence } from "../../formats/otlp/plain.ts";
import type { IsolateEvent, RequestEnded, TextEnded } from "./events.ts";

/** Counts an event. @param worker the deployed version of the Worker; empty where it is not deployed */
export function countInLedger(event: IsolateEvent, to: Cells, worker: string): void {
  switch (event.kind) {
    case "text-ended":
      countText(event, to, worker);
      break;
    case "request-ended":
      countRequest(event, to, worker);
      break;
    case "attempt-paid": {
      const { attemptKind, side, origin, policyVersion, billed } = event;
      // What a shadow costs is no cost of its text's arm.
      const arm = attemptKind === "shadow" ? "" : event.arm;
      countBilled(billed, { arm, side, origin: origin ?? "", policy: String(policyVersion) }, to);
      break;
    }
    case "edge-load-paid":
      countBilled(event.billed, { model: event.model }, to);
      break;
    case "edge-load":
      to.observe(seriesOf("load", { outcome: event.result, model: event.model }), event.loadMs);
      break;
    case "candidate-rejected": {
      const { reason, policyVersion, model } = event;
      const because = plainSentence(reason);
      to.count(seriesOf("rejection", { because, policy: String(policyVersion), model }), 1);
      break;
    }
    case "shadow": {
      const { arm, policyVersion, model, agrees, isRepeated } = event;
      const outcome = agrees ? "agrees" : "differs";
      // A text that callers repeat would certify the model by one text.
      if (!isRepeated) to.count(seriesOf("shadow", { arm, outcome, policy: String(policyVersion), model }), 1);
      break;
    }
    case "edge-run":
    case "origin-call":
    case "breaker":
    case "policy":
    case "policy-problem":
    // The ledger keeps ids of keys beside the counts.
    case "key-used":
  }
}

/** Whether an event is a record, of which none may be lost unnoticed: a text or a request. */
export function isLedgerRecord({ kind }: IsolateEvent): boolean {
  return kind === "text-ended" || kind === "request-ended";
}

function countText(event: TextEnded, to: Cells, worker: string): void {
  const { arm, because, outcome, tookMs, queueMs } = event;
  const [side, origin, model, country] = [event.side ?? "", event.origin ?? "", event.model ?? "", event.country ?? ""];
  const policy = String(event.policyVersion);
  to.observe(seriesOf("text", { arm, side, origin, because, outcome, policy, model, worker }), tookMs);
  to.observe(seriesOf("country", { arm, side, outcome: outcome === "ok" ? outcome : "", country }), tookMs);
  if (queueMs !== null) to.observe(seriesOf("wait", { arm, policy, model }), queueMs);
  const { assignedModel } = event;
  if (assignedModel !== null) to.observe(seriesOf("assigned", { arm, outcome, policy, model: assignedModel }), tookMs);
}

function countRequest({ outcome, tookMs }: RequestEnded, to: Cells, worker: string): void {
  const { refusal, policyVersion, ownBilled } = outcome;
  const policy = policyVersion === null ? "" : String(policyVersion);
  const result = refusal === null ? { outcome: "ok" } : { outcome: refusal.code, because: refusal.reason };
  to.observe(seriesOf("request", { ...result, worker }), tookMs);
  countBilled(ownBilled, { policy }, to);
}

function countBilled(billed: readonly Billed[], fields: Partial<Omit<Series, "kind" | "because">>, to: Cells): void {
  for (const { usage, quantity } of billed) to.count(seriesOf("usage", { ...fields, because: usage }), 1, quantity);
}
