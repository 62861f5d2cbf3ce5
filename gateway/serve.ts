/** The path of a request: receive → authenticate → read policy → (each text: admit → decide → run | call) → respond → record. */
import { checkInputs } from "./authenticate/inputs.ts";
import { checkTls } from "./authenticate/tls.ts";
import { type Classified, classify } from "./classify.ts";
import { policyFor, whoCalls } from "./first-steps.ts";
import { inOrder } from "./in-order.ts";
import type { InputOutcome, Outcome } from "./outcome.ts";
import { receive } from "./receive/receive.ts";
import { requestCostUsd } from "./record/cost.ts";
import { record } from "./record/record.ts";
import { inSpan } from "./record/span.ts";
import { type Refusal, statusOf } from "./refusal.ts";
import { answer } from "./respond/answer.ts";
import { refuse } from "./respond/refuse.ts";
import { toRow } from "./respond/scores.ts";
import { shadow } from "./shadow.ts";
import type { Call, World } from "./world.ts";

/** Workers allow six connections at once; four leave room for KV and the trace. */
const TEXTS_AT_ONCE = 4;

export async function serve(request: Request, world: World, call: Call): Promise<Response> {
  const startedAtMs = world.clock.nowMs();
  // The limits as they are known before the policy is read: a body is not made to wait for KV.
  const { limits } = world.policies.known();
  const received = await inSpan("receive", {}, () => receive(request, limits, world.clock));
  if (!received.ok) return no(received.refusal, call, NOTHING_YET);
  const { texts, functionToApply, topK } = received.value;

  const who = await whoCalls(request, world, call);
  const keyCostUsd = requestCostUsd(who.asked ? 1 : 0);
  if (!who.ok) return no(who.refusal, call, { ...NOTHING_YET, costUsd: keyCostUsd });
  const caller = who.value;
  const few = checkInputs(texts.length, caller);
  if (!few.ok) return no(few.refusal, call, { ...NOTHING_YET, costUsd: keyCostUsd });
  const { policy, problem, asked } = await policyFor(world, call);
  const known = { policyVersion: policy.version, policyProblem: problem, edgeProblem: world.edge.status().reason };
  const ownCostUsd = requestCostUsd((who.asked ? 1 : 0) + (asked ? 1 : 0));
  const tls = checkTls(caller, policy.minTls);
  if (!tls.ok) return no(tls.refusal, call, { ...known, inputs: [], costUsd: ownCostUsd });

  const results = await inOrder(
    texts,
    TEXTS_AT_ONCE,
    (text) => classify(text, caller, policy, world, call),
    ({ ok }) => ok,
  );
  const costUsd = results.reduce((sum, result) => sum + result.costUsd, ownCostUsd);
  const rows = [];
  const classified: Classified[] = [];
  const inputs: InputOutcome[] = [];
  for (const result of results) {
    if (!result.ok) return no(result.refusal, call, { ...known, inputs, costUsd });
    rows.push(toRow(result.value.answer, functionToApply, topK));
    classified.push(result.value);
    inputs.push(result.value.outcome);
  }

  shadow(classified, policy, world, call);
  record({ requestId: call.requestId, status: 200, refusal: null, ...known, inputs, costUsd });
  const totalMs = world.clock.nowMs() - startedAtMs;
  return answer({ rows, inputs, call, policyVersion: policy.version, totalMs });
}

type Known = Pick<Outcome, "policyVersion" | "policyProblem" | "edgeProblem" | "inputs" | "costUsd">;

const NOTHING_YET: Known = {
  policyVersion: null,
  policyProblem: null,
  edgeProblem: null,
  inputs: [],
  costUsd: requestCostUsd(0),
};

function no(refusal: Refusal, call: Call, known: Known): Response {
  const { code, reason } = refusal;
  const { policyVersion } = known;
  record({ requestId: call.requestId, status: statusOf(code), refusal: { code, reason }, ...known });
  const headers: Record<string, string> = policyVersion === null ? {} : { "x-spillway-policy": String(policyVersion) };
  return refuse(refusal, call, headers);
}
