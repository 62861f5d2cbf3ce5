/** What /readyz says: 200 only when some side can answer, and the state of both with the reason and the expiry. */
import type { BreakerStatus } from "./breaker/breaker.ts";
import { mismatch } from "./origin/mismatch.ts";
import type { Call, Clock, World } from "./world.ts";

export async function ready({ edge, origins, policies, clock }: World, call: Call) {
  const { policy, source, problem } = await policies.read(call.keepAlive);
  edge.obey(policy);
  origins.obey(policy);
  // Asking warms: a probe that polls until ready would otherwise wait for the first request.
  edge.warm(call);
  const edgeStatus = edge.status();
  const edgeReady = edgeStatus.state === "ready" && edge.conditions().breakerAllows;
  const originReady = origins.conditions().some(({ breakerAllows }) => breakerAllows);
  const body = {
    ready: edgeReady || originReady,
    edge: { ...edgeStatus, breaker: describe(edgeStatus.breaker, clock) },
    origins: Object.fromEntries(
      [...origins.status()].map(([name, { breaker, p95Ms, classifier, lastFailure }]) => {
        const problem = mismatch(classifier, edge.classifier())?.sentence ?? null;
        const model = classifier?.model ?? null;
        return [name, { model, problem, lastFailure, breaker: describe(breaker, clock), p95Ms }];
      }),
    ),
    policy: { version: policy.version, source, problem },
  };
  return { body, status: body.ready ? (200 as const) : (503 as const) };
}

function describe({ state, reason, retryAtMs }: BreakerStatus, clock: Clock) {
  return { state, reason, retryInMs: retryAtMs === null ? null : Math.max(0, Math.ceil(retryAtMs - clock.nowMs())) };
}
