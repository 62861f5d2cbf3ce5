/**
 * The path of a request: authenticate → receive → read policy → (each text: admit → decide → dispatch) → respond → record.
 * Authentication needs only the head of a request. A caller gets a slot before the body is read (docs/decisions/021-hardening.md).
 */

import { type Billed, costUsd } from "../formats/ledger/prices.ts";
import { armOfRecorded, type RecordedArm } from "../formats/ledger/series.ts";
import type { TextOrPair } from "../formats/tokenizer/tokenizer.ts";
import type { Policy } from "../policies/schema.ts";
import { checkInputs, checkPolicyVersion, checkTls } from "./admit/check-request.ts";
import { measure } from "./admit/measure.ts";
import type { Slot } from "./admit/slots.ts";
import { authenticate } from "./authenticate/authenticate.ts";
import type { Caller } from "./authenticate/caller.ts";
import type { Call, Clock } from "./call.ts";
import { type Decisions, decisionsFor } from "./decide/decide.ts";
import type { TextNumbers } from "./decide/facts.ts";
import type { Route } from "./decide/route.ts";
import { isShadowed } from "./decide/share.ts";
import { requestBilled } from "./dispatch/cost.ts";
import { type PoolBounds, runOrdered } from "./dispatch/ordered-pool.ts";
import { toRow } from "./dispatch/scores.ts";
import { shadow } from "./dispatch/shadow.ts";
import { type Classified, dispatch, refusalOfMixedLabels } from "./dispatch/text.ts";
import { TextAttempts } from "./dispatch/text-attempts.ts";
import { readPolicy } from "./read-policy.ts";
import { isolateBusy } from "./receive/body.ts";
import { receive } from "./receive/receive.ts";
import { type InputOutcome, type Outcome, summaryOf } from "./record/outcome.ts";
import { record } from "./record/record.ts";
import { textEnded } from "./record/text-ended.ts";
import { type Refusal, type Result, statusOf } from "./refusal.ts";
import { answer } from "./respond/answer.ts";
import { errorResponse } from "./respond/error-response.ts";
import { type Conditions, conditionsOf } from "./sides.ts";
import { inLeafSpan, inSpanAtOnce } from "./telemetry/span.ts";
import type { World } from "./world.ts";

const TEXTS_AT_ONCE: PoolBounds<TextOrPair> = {
  /** Workers allow six connections at once; four leave room for KV and the trace. */
  atOnce: 4,
  weightOf: (text) => (typeof text === "string" ? text.length : text.text.length + text.textPair.length),
  /** Characters. Several long texts at once would share an origin's processors, and each could take longer than it may. */
  maxWeight: 65_536,
};

/** A request whose caller is authenticated and which holds a slot. */
interface Visit {
  caller: Caller;
  slot: Slot;
  startedAtMs: number;
  /** So far. */
  kvReads: number;
}

type Known = Omit<Outcome, "requestId" | "status" | "refusal">;

/** An unauthenticated caller is refused before it can hold a slot or have its body read. */
export async function serve(request: Request, world: World, call: Call): Promise<Response> {
  const startedAtMs = world.clock.nowMs();
  const who = await authenticate(request, world, call.lifetime);
  const kvReads = who.asked ? 1 : 0;
  if (!who.ok) return refuseRequest(who.refusal, call, nothingKnown(kvReads));
  const { apiKey } = who.value;
  if (apiKey !== null) world.report({ kind: "key-used", keyId: apiKey });
  const { limits } = world.policies.known();
  const slot = world.capacity.slots.acquire(limits, who.value.countedAs, world.clock.nowMs());
  if (slot === null) return refuseRequest(isolateBusy, call, nothingKnown(kvReads));
  try {
    return await serveAdmitted(request, { caller: who.value, slot, startedAtMs, kvReads }, world, call);
  } finally {
    slot.release();
  }
}

async function serveAdmitted(request: Request, visit: Visit, world: World, call: Call): Promise<Response> {
  const { caller, slot, startedAtMs, kvReads } = visit;
  const { clock } = world;
  // The limits as known before the policy is read: a body does not wait for KV.
  const { limits } = world.policies.known();
  const received = await inLeafSpan("receive", {}, () => receive(request, limits, clock, slot));
  if (!received.ok) return refuseRequest(received.refusal, call, nothingKnown(kvReads));
  const { texts, functionToApply, topK } = received.value;
  const fewEnough = checkInputs(texts.length, caller);
  if (!fewEnough.ok) return refuseRequest(fewEnough.refusal, call, nothingKnown(kvReads));

  const { policy, problem, asked } = await readPolicy(world, call.lifetime);
  const { reason: edgeProblem, candidate } = world.sides.edge.status();
  const own = ownCost(kvReads + (asked ? 1 : 0));
  const known = {
    policyVersion: policy.version,
    policyProblem: problem,
    edgeProblem,
    edgeCandidate: candidate?.state ?? null,
    ...own,
  };
  const refuseText = (refusal: Refusal) => refuseRequest(refusal, call, { ...known, inputs: [] });
  const newEnough = checkPolicyVersion(policy.version, world.deployment.minPolicyVersion);
  if (!newEnough.ok) return refuseText(newEnough.refusal);
  const tls = checkTls(caller, policy.minTls);
  if (!tls.ok) return refuseText(tls.refusal);

  const classifyNext = (text: TextOrPair) => {
    slot.renew(clock.nowMs());
    return classify(text, { caller, policy }, world, call);
  };
  const results = await runOrdered(texts, TEXTS_AT_ONCE, classifyNext, ({ ok }) => ok);
  const totalCostUsd = results.reduce((sum, result) => sum + result.costUsd, own.ownCostUsd);
  const rows = [];
  const classified: Classified[] = [];
  const inputs: InputOutcome[] = [];
  for (const result of results) {
    if (!result.ok) return refuseRequest(result.refusal, call, { ...known, inputs, costUsd: totalCostUsd });
    rows.push(toRow(result.value.answer, functionToApply, topK));
    classified.push(result.value);
    inputs.push(result.value.outcome);
  }

  const mixed = refusalOfMixedLabels(classified);
  if (mixed !== null) return refuseRequest(mixed, call, { ...known, inputs, costUsd: totalCostUsd });

  const { identity, lifetime } = call;
  if (isShadowed(identity.requestId, policy.shadow.share)) lifetime.afterAnswer(() => shadow(classified, world));
  record({ requestId: identity.requestId, status: 200, refusal: null, ...known, inputs, costUsd: totalCostUsd }, call);
  const totalMs = clock.nowMs() - startedAtMs;
  return answer({ rows, inputs, summary: summaryOf(inputs), identity, policyVersion: policy.version, totalMs });
}

/** One text: admit → decide → dispatch. From the decision to the place in the edge's queue nothing is awaited. */
async function classify(
  text: TextOrPair,
  { caller, policy }: { caller: Caller; policy: Policy },
  world: World,
  { lifetime, identity }: Call,
): Promise<Result<Classified> & { costUsd: number }> {
  const { sides, capacity, clock, report } = world;
  const startedAtMs = clock.nowMs();
  const { requestId } = identity;
  const admitted = await measure(text, sides.edge, { caller, stickyBy: policy.edge.stickyBy, requestId, lifetime });
  const assignedModel = policy.candidate === null ? null : sides.edge.status().model;
  const ended = { policyVersion: policy.version, assignedModel, country: caller.location.country };
  const tookMs = () => clock.nowMs() - startedAtMs;
  if (!admitted.ok) {
    report(textEnded(admitted, { ...ended, arm: "ineligible", tookMs: tookMs() }));
    return { ...admitted, costUsd: 0 };
  }
  const measured = admitted.value;
  const { tokens } = measured.numbers;
  capacity.retryBudget.countText(clock.nowMs());
  const decisions = decisionsFor(measured.numbers, policy);
  const attempts = new TextAttempts(policy.version, report);
  const conditions = conditionsOf(sides, caller.countedAs);
  // A cold isolate has counted no tokens. Then the side that answers counts them.
  if (tokens !== null) attempts.settle(decisions.arm(conditions, tokens));
  const route = decideRoute(decisions, { numbers: measured.numbers, arm: attempts.arm, conditions }, clock);
  const inFlight = {
    measured,
    admittedAtMs: startedAtMs,
    policy,
    caller: caller.countedAs,
    decisions,
    lifetime,
    attempts,
  };
  const result = await dispatch(route, inFlight, world);
  const arm = attempts.arm ?? attempts.settle(decisions.arm(conditionsOf(sides, caller.countedAs), tokens));
  report(textEnded(result, { ...ended, arm, tookMs: tookMs() }));
  return result;
}

function decideRoute(
  decisions: Decisions,
  { numbers, arm, conditions }: { numbers: TextNumbers; arm: RecordedArm | null; conditions: Conditions },
  clock: Clock,
): Route {
  return inSpanAtOnce("decide", {}, (span) => {
    const route = decisions.route(conditions, clock.nowMs());
    span.setAttributes({
      "spillway.route": route.side,
      "spillway.because": route.because,
      ...(arm !== null && { "spillway.arm": armOfRecorded(arm) }),
      ...(route.side === "origin" && { "spillway.origin": route.origin }),
      ...(numbers.tokens !== null && { "spillway.tokens": numbers.tokens }),
      ...(numbers.edgeRunMs !== null && { "spillway.edge.predicted_ms": numbers.edgeRunMs }),
      "spillway.edge.queue_ms": conditions.edge.queueMs,
    });
    return route;
  });
}

/** What the request is billed for without its attempts. */
function ownCost(kvReads: number): { ownBilled: Billed[]; ownCostUsd: number; costUsd: number } {
  const ownBilled = requestBilled(kvReads);
  const ownCostUsd = costUsd(ownBilled);
  return { ownBilled, ownCostUsd, costUsd: ownCostUsd };
}

function nothingKnown(kvReads: number): Known {
  const none = { policyVersion: null, policyProblem: null, edgeProblem: null, edgeCandidate: null };
  return { ...none, inputs: [], ...ownCost(kvReads) };
}

/** The one way to refuse a request: recorded once, answered in the one shape of every error. */
export function refuseRequest(
  refusal: Refusal,
  call: Call,
  known: Known = nothingKnown(0),
  headers: Record<string, string> = {},
): Response {
  const { code, reason } = refusal;
  const { policyVersion } = known;
  const { identity } = call;
  record({ requestId: identity.requestId, status: statusOf(code), refusal: { code, reason }, ...known }, call);
  const policyHeader: Record<string, string> =
    policyVersion === null ? {} : { "x-spillway-policy": String(policyVersion) };
  return errorResponse(refusal, identity, { ...policyHeader, ...headers });
}
