/** The 200: Hugging Face's nested array, and the headers that say which side answered and why. */
import { shortModelId } from "../../formats/model-package/names.ts";
import type { Identity } from "../call.ts";
import type { LabelScore } from "../dispatch/scores.ts";
import type { InputOutcome, OutcomeSummary } from "../record/outcome.ts";
import { identityHeaders } from "./error-response.ts";
import { jsonResponse } from "./json-response.ts";

export interface Answered {
  /** One per input, best label first. */
  rows: readonly (readonly LabelScore[])[];
  inputs: readonly InputOutcome[];
  summary: OutcomeSummary;
  identity: Identity;
  policyVersion: number;
  totalMs: number;
}

/** Makes the response of a request whose texts were all classified. */
export function answer({ rows, inputs, summary, identity, policyVersion, totalMs }: Answered): Response {
  return jsonResponse(rows, 200, {
    "x-spillway-route": summary.route,
    "x-spillway-because": summary.because.join(", "),
    "x-spillway-policy": String(policyVersion),
    "x-spillway-model": summary.models.map(shortModelId).join(", "),
    ...identityHeaders(identity),
    "server-timing": serverTiming(inputs, totalMs),
  });
}

/**
 * In ms. Sums over the inputs: waiting for the edge model, running at the edge, calling the origin. `text`: the slowest input from its
 * admission to its answer, as the ledger counts it. `total`: the request.
 */
function serverTiming(inputs: readonly InputOutcome[], totalMs: number): string {
  const sum = (pick: (input: InputOutcome) => number) => inputs.reduce((total, input) => total + pick(input), 0);
  const parts = {
    queue: sum(({ queueMs }) => queueMs),
    edge: sum(({ side, runMs }) => (side === "edge" ? runMs : 0)),
    origin: sum(({ side, runMs }) => (side === "origin" ? runMs : 0)),
    text: Math.max(...inputs.map(({ tookMs }) => tookMs)),
    total: totalMs,
  };
  return Object.entries(parts)
    .map(([name, ms]) => `${name};dur=${Math.round(ms)}`)
    .join(", ");
}
