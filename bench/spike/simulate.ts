/** Pure: the same texts and policy give the same answers, on any machine. */
import type { TokenModel } from "../../models/manifest.ts";
import type { Policy } from "../../policies/schema.ts";
import { type Answered, type EdgeNumbers, SimulatedIsolate } from "./isolate.ts";
import type { ArrivingText } from "./traffic.ts";

export interface Simulated {
  texts: readonly ArrivingText[];
  policy: Policy;
  edge: EdgeNumbers;
  /** How long runs really take, before noise; as the package says when it is left out. */
  trueTimeMs?: TokenModel;
}

/** Every text, in the order of their answers. */
export async function simulate({
  texts,
  policy,
  edge,
  trueTimeMs = edge.timeMs,
}: Simulated): Promise<readonly Answered[]> {
  const isolate = new SimulatedIsolate(policy, edge, trueTimeMs);
  for (const text of texts) isolate.expect(text);
  await isolate.runToEnd();
  return isolate.answered;
}
