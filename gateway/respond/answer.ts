/** The 200: Hugging Face's nested array and the headers that say who answered and why. */
import { shortModelId } from "../../formats/model-package/manifest.ts";
import type { LabelScore } from "../dispatch/scores.ts";
import { distinct, type InputOutcome, routeOf } from "../record/outcome.ts";
import type { Call } from "../world.ts";
import { identity } from "./refuse.ts";

export interface Answered {
  rows: readonly (readonly LabelScore[])[];
  inputs: readonly InputOutcome[];
  call: Call;
  policyVersion: number;
  totalMs: number;
}

export function answer({ rows, inputs, call, policyVersion, totalMs }: Answered): Response {
  return Response.json(rows, {
    headers: {
      "x-spillway-route": routeOf(inputs),
      "x-spillway-because": distinct(inputs.map(({ because }) => because)).join(", "),
      "x-spillway-policy": String(policyVersion),
      "x-spillway-model": distinct(inputs.map(({ model }) => shortModelId(model))).join(", "),
      ...identity(call),
      "server-timing": serverTiming(inputs, totalMs),
    },
  });
}

/** Sums over the inputs, in ms: waiting for the edge model, running at the edge, calling the origin. */
function serverTiming(inputs: readonly InputOutcome[], totalMs: number): string {
  const sum = (pick: (input: InputOutcome) => number) => inputs.reduce((total, input) => total + pick(input), 0);
  const parts = {
    queue: sum(({ queueMs }) => queueMs),
    edge: sum(({ side, runMs }) => (side === "edge" ? runMs : 0)),
    origin: sum(({ side, runMs }) => (side === "origin" ? runMs : 0)),
    total: totalMs,
  };
  return Object.entries(parts)
    .map(([name, ms]) => `${name};dur=${Math.round(ms)}`)
    .join(", ");
}
