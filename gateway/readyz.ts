/**
 * What /readyz says: 200 only when some side can answer. Anybody is told that and the state of both sides; the operator also the
 * reasons, the expiries and the names.
 */
import { viewFor } from "./authenticate/operator.ts";
import { mismatch } from "./origin/mismatch.ts";
import { ok } from "./refusal.ts";
import type { BreakerStatus } from "./resilience/breaker/breaker.ts";
import type { Call, Clock, World } from "./world.ts";

export async function ready(request: Request, world: World, call: Call) {
  const view = await viewFor(request, world.access);
  if (!view.ok) return view;
  const { details, brief } = await look(world, call);
  const body = view.value === "details" ? { ...details, ...brief, edge: details.edge } : brief;
  return ok({ body, status: brief.ready ? (200 as const) : (503 as const) });
}

async function look({ access, misconfigured, edge, origins, policies, clock }: World, call: Call) {
  const { policy, source, problem } = await policies.read(call.keepAlive);
  edge.obey(policy);
  origins.obey(policy);
  // Asking warms: a probe that polls until ready would otherwise wait for the first request.
  edge.warm(call);
  const edgeStatus = edge.status();
  const edgeReady = edgeStatus.state === "ready" && edge.conditions().breakerAllows;
  const originReady = origins.conditions().some(({ breakerAllows }) => breakerAllows);
  const status = origins.status();
  const brief = {
    ready: (edgeReady || originReady) && misconfigured.length === 0,
    edge: { state: edgeStatus.state },
    origin: { breaker: bestOf([...status.values()].map(({ breaker }) => breaker.state)) },
  };
  const details = {
    edge: { ...edgeStatus, breaker: describe(edgeStatus.breaker, clock) },
    origins: Object.fromEntries(
      [...status].map(([name, { breaker, p95Ms, classifier, lastFailure }]) => {
        const problem = mismatch(classifier, edge.classifier())?.sentence ?? null;
        const model = classifier?.model ?? null;
        return [name, { model, problem, lastFailure, breaker: describe(breaker, clock), p95Ms }];
      }),
    ),
    policy: { version: policy.version, source, problem },
    access: { anonymous: access.anonymous, keysProblem: access.keys.problem },
    problems: misconfigured,
  };
  return { brief, details };
}

/** Of several origins, the one that is best off: it is the one that is called. */
function bestOf(states: readonly BreakerStatus["state"][]): BreakerStatus["state"] {
  return (["closed", "half-open"] as const).find((state) => states.includes(state)) ?? "open";
}

function describe({ state, reason, retryAtMs }: BreakerStatus, clock: Clock) {
  return { state, reason, retryInMs: retryAtMs === null ? null : Math.max(0, Math.ceil(retryAtMs - clock.nowMs())) };
}
