/** What /readyz says: 200 only when some side can answer, and the state of both with the reason and the expiry. */
import type { BreakerStatus } from "./breaker/breaker.ts";
import type { Call, Clock, World } from "./world.ts";

export async function ready({ edge, origin, policies, clock }: World, call: Call) {
  const { policy, source, problem } = await policies.read(call.keepAlive);
  edge.obey(policy);
  origin.obey(policy);
  // Asking warms: a probe that polls until ready would otherwise wait for the first request.
  edge.warm(call);
  const edgeStatus = edge.status();
  const originStatus = origin.status();
  const edgeReady = edgeStatus.state === "ready" && edge.conditions().breakerAllows;
  const originReady = origin.conditions().breakerAllows;
  const body = {
    ready: edgeReady || originReady,
    edge: { ...edgeStatus, breaker: describe(edgeStatus.breaker, clock) },
    origin: { breaker: describe(originStatus, clock) },
    policy: { version: policy.version, source, problem },
  };
  return { body, status: body.ready ? (200 as const) : (503 as const) };
}

function describe({ state, reason, retryAtMs }: BreakerStatus, clock: Clock) {
  return { state, reason, retryInMs: retryAtMs === null ? null : Math.max(0, Math.ceil(retryAtMs - clock.nowMs())) };
}
