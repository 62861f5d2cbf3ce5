/** The path of a request: receive → authenticate → read policy → (each text: admit → decide → run | call) → respond → record. */
import { authenticate } from "./authenticate/authenticate.ts";
import { checkTls } from "./authenticate/tls.ts";
import { type Classified, classify } from "./classify.ts";
import { inOrder } from "./in-order.ts";
import type { InputOutcome, Outcome } from "./outcome.ts";
import { receive } from "./receive/receive.ts";
import { record } from "./record/record.ts";
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
  const received = await receive(request, world.policies.known().limits, world.clock);
  if (!received.ok) return no(received.refusal, call, NOTHING_YET);
  const { texts, functionToApply, topK } = received.value;

  const caller = authenticate(request);
  const { policy, problem } = await world.policies.read(call.keepAlive);
  world.edge.obey(policy);
  world.origins.obey(policy);
  const known = { policyVersion: policy.version, policyProblem: problem, edgeProblem: world.edge.status().reason };
  const tls = checkTls(caller, policy.minTls);
  if (!tls.ok) return no(tls.refusal, call, { ...known, inputs: [] });

  const results = await inOrder(
    texts,
    TEXTS_AT_ONCE,
    (text) => classify(text, caller, policy, world, call),
    ({ ok }) => ok,
  );
  const rows = [];
  const classified: Classified[] = [];
  const inputs: InputOutcome[] = [];
  for (const result of results) {
    if (!result.ok) return no(result.refusal, call, { ...known, inputs });
    rows.push(toRow(result.value.answer, functionToApply, topK));
    classified.push(result.value);
    inputs.push(result.value.outcome);
  }

  shadow(classified, policy, world, call);
  record({ requestId: call.requestId, status: 200, refusal: null, ...known, inputs });
  const totalMs = world.clock.nowMs() - startedAtMs;
  return answer({ rows, inputs, call, policyVersion: policy.version, totalMs });
}

type Known = Pick<Outcome, "policyVersion" | "policyProblem" | "edgeProblem" | "inputs">;

const NOTHING_YET: Known = { policyVersion: null, policyProblem: null, edgeProblem: null, inputs: [] };

function no(refusal: Refusal, call: Call, known: Known): Response {
  const { code, reason } = refusal;
  const { policyVersion } = known;
  record({ requestId: call.requestId, status: statusOf(code), refusal: { code, reason }, ...known });
  const headers: Record<string, string> = policyVersion === null ? {} : { "x-spillway-policy": String(policyVersion) };
  return refuse(refusal, call, headers);
}
