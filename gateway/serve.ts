/**
 * The path of a request: receive → authenticate → read policy → (each text: admit → decide → run | call) → respond → record. Of what is
 * received, the head is enough to know who calls; the body is read of callers who may come in (docs/decisions/021-hardening.md).
 */

import { checkInputs, checkTls } from "./admit/check-request.ts";
import type { Slot } from "./admit/slots.ts";
import type { Caller } from "./authenticate/caller.ts";
import { requestCostUsd } from "./dispatch/cost.ts";
import { runOrdered } from "./dispatch/ordered-pool.ts";
import { toRow } from "./dispatch/scores.ts";
import { shadow } from "./dispatch/shadow.ts";
import { type Classified, classify } from "./dispatch/text.ts";
import { policyFor, whoCalls } from "./read-policy.ts";
import { isolateBusy } from "./receive/body.ts";
import { receive } from "./receive/receive.ts";
import type { InputOutcome, Outcome } from "./record/outcome.ts";
import { record } from "./record/record.ts";
import { type Refusal, statusOf } from "./refusal.ts";
import { answer } from "./respond/answer.ts";
import { refuse } from "./respond/refuse.ts";
import { inSpan } from "./telemetry/span.ts";
import type { Call, World } from "./world.ts";

/** Workers allow six connections at once; four leave room for KV and the trace. */
const TEXTS_AT_ONCE = 4;

/** What is known of a request once its caller may come in and has a place. */
interface Visit {
  caller: Caller;
  slot: Slot;
  startedAtMs: number;
  /** So far. */
  kvReads: number;
}

/** Strangers are turned away before they can hold a place, or have a body read. */
export async function serve(request: Request, world: World, call: Call): Promise<Response> {
  const startedAtMs = world.clock.nowMs();
  const who = await whoCalls(request, world, call);
  const kvReads = who.asked ? 1 : 0;
  if (!who.ok) return no(who.refusal, call, nothingYet(kvReads));
  const slot = world.slots.acquire(world.policies.known().limits, who.value.countedAs, world.clock.nowMs());
  if (slot === null) return no(isolateBusy, call, nothingYet(kvReads));
  try {
    return await serveInside(request, { caller: who.value, slot, startedAtMs, kvReads }, world, call);
  } finally {
    slot.release();
  }
}

async function serveInside(request: Request, visit: Visit, world: World, call: Call): Promise<Response> {
  const { caller, slot, startedAtMs, kvReads } = visit;
  // The limits as they are known before the policy is read: a body is not made to wait for KV.
  const { limits } = world.policies.known();
  const received = await inSpan("receive", {}, () => receive(request, limits, world.clock, slot));
  if (!received.ok) return no(received.refusal, call, nothingYet(kvReads));
  const { texts, functionToApply, topK } = received.value;
  const few = checkInputs(texts.length, caller);
  if (!few.ok) return no(few.refusal, call, nothingYet(kvReads));

  const { policy, problem, asked } = await policyFor(world, call);
  const ownCostUsd = requestCostUsd(kvReads + (asked ? 1 : 0));
  const edgeProblem = world.edge.status().reason;
  const known = { policyVersion: policy.version, policyProblem: problem, edgeProblem, ownCostUsd };
  const tls = checkTls(caller, policy.minTls);
  if (!tls.ok) return no(tls.refusal, call, { ...known, inputs: [], costUsd: ownCostUsd });

  const results = await runOrdered(
    texts,
    TEXTS_AT_ONCE,
    (text) => {
      slot.renew(world.clock.nowMs());
      return classify(text, caller, policy, world, call);
    },
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

type Known = Pick<Outcome, "policyVersion" | "policyProblem" | "edgeProblem" | "inputs" | "ownCostUsd" | "costUsd">;

function nothingYet(kvReads: number): Known {
  const costUsd = requestCostUsd(kvReads);
  return { policyVersion: null, policyProblem: null, edgeProblem: null, inputs: [], ownCostUsd: costUsd, costUsd };
}

function no(refusal: Refusal, call: Call, known: Known): Response {
  const { code, reason } = refusal;
  const { policyVersion } = known;
  record({ requestId: call.requestId, status: statusOf(code), refusal: { code, reason }, ...known });
  const headers: Record<string, string> = policyVersion === null ? {} : { "x-spillway-policy": String(policyVersion) };
  return refuse(refusal, call, headers);
}
