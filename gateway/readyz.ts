/**
 * GET /readyz: 200 only if some side can answer. Everyone sees that and the state of both sides; the operator also sees reasons,
 * expiries and names.
 */

import { mismatch } from "../formats/model-package/mismatch.ts";
import { SIGNALS } from "../formats/otlp/messages.ts";
import { viewFor } from "./authenticate/operator.ts";
import type { Clock, Lifetime } from "./call.ts";
import { ok } from "./refusal.ts";
import type { BreakerStatus } from "./resilience/breaker/breaker.ts";
import { obey } from "./sides.ts";
import type { ExportCounts } from "./telemetry/exporter.ts";
import type { World } from "./world.ts";

/** The body and status of GET /readyz, or the refusal of a wrong operator token. */
export async function readyz(request: Request, world: World, lifetime: Lifetime) {
  const view = await viewFor(request, world.access);
  if (!view.ok) return view;
  const { details, brief } = await look(world, lifetime);
  const body = view.value === "details" ? { ...details, ...brief, edge: details.edge } : brief;
  return ok({ body, status: brief.ready ? (200 as const) : (503 as const) });
}

async function look({ access, deployment, sides, policies, clock }: World, lifetime: Lifetime) {
  const { policy, source, problem } = await policies.read(lifetime.keepAlive);
  obey(sides, policy);
  const { edge, origins } = sides;
  const { minPolicyVersion } = deployment;
  // A probe warms the edge: one that polls until ready would otherwise wait for the first request.
  edge.warm(lifetime);
  const edgeStatus = edge.status();
  const edgeReady = edgeStatus.state === "ready" && edge.conditions().breakerAllows;
  const originReady = origins.conditions(null).some(({ breakerAllows }) => breakerAllows);
  const status = origins.status();
  const brief = {
    ready: (edgeReady || originReady) && deployment.problems.length === 0 && policy.version >= minPolicyVersion,
    edge: { state: edgeStatus.state },
    origin: { breaker: bestOf([...status.values()].map(({ breaker }) => breaker.state)) },
  };
  const details = {
    edge: { ...edgeStatus, breaker: describe(edgeStatus.breaker, clock) },
    origins: Object.fromEntries(
      [...status].map(([name, { breaker, longTexts, places, p95Ms, classifier, lastFailure }]) => {
        const problem = mismatch(classifier, edge.classifier())?.sentence ?? null;
        const model = classifier?.model ?? null;
        const breakers = { breaker: describe(breaker, clock), longTexts: describe(longTexts, clock) };
        return [name, { model, problem, lastFailure, ...breakers, places, p95Ms }];
      }),
    ),
    policy: { version: policy.version, minVersion: minPolicyVersion, source, problem },
    access: { anonymous: access.anonymous, keysProblem: access.keys.problem },
    telemetry: telemetryIn(deployment.exportCounts()),
    ledger: deployment.ledgerCounts(),
    problems: deployment.problems,
  };
  return { brief, details };
}

/** The best state of several origins: a call goes to that origin. */
function bestOf(states: readonly BreakerStatus["state"][]): BreakerStatus["state"] {
  return (["closed", "half-open"] as const).find((state) => states.includes(state)) ?? "open";
}

function describe({ state, reason, retryAtMs }: BreakerStatus, clock: Clock) {
  return { state, reason, retryInMs: retryAtMs === null ? null : Math.max(0, Math.ceil(retryAtMs - clock.nowMs())) };
}

/** A backend that refuses makes no request fail, so `ready` does not depend on it. */
function telemetryIn({ exported, dropped, failures }: ExportCounts) {
  return Object.fromEntries(
    SIGNALS.map((signal) => [
      signal,
      { exported: exported[signal], dropped: dropped[signal], lastFailure: failures[signal] ?? null },
    ]),
  );
}
