/** The state of the isolate as the control plane shows it. */
import type { IsolateStatus } from "../../formats/ledger/delta.ts";
import { plainSentence } from "../../formats/otlp/plain.ts";
import type { World } from "../world.ts";

/** Everything but the isolate's location. */
export function isolateStatus({ sides, policies }: Pick<World, "sides" | "policies">): Omit<IsolateStatus, "colo"> {
  const { state, model, candidate, breaker, queuedTexts } = sides.edge.status();
  const breakers: Record<string, string> = { edge: breaker.state };
  for (const [name, origin] of sides.origins.status()) breakers[`origin:${name}`] = origin.breaker.state;
  const reason = candidate?.reason ?? null;
  return {
    policy: policies.known().version,
    model,
    candidate: candidate && { ...candidate, reason: reason === null ? null : plainSentence(reason) },
    edgeState: state,
    breakers,
    queuedTexts,
  };
}
