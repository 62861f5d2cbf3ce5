/** What the isolate is put through between two readings. */
import { classify, post } from "../classify.ts";
import type { Gateway } from "../system/gateway.ts";

/** Requests in flight share the isolate's memory. */
const AT_ONCE = 4;

/** One after another, each answered by the edge. @throws Error when one was not */
export async function runAtEdge(gateway: Gateway, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const { route, status, because } = await classify(gateway.url, text);
    if (route !== "edge") throw new Error(`The edge did not answer: ${status} ${route ?? ""} ${because ?? ""}.`);
  }
}

/** Sends the bodies, four at once, until all are answered or time is up. Resolves to how many got which answer. */
export async function sendMixed(
  gateway: Gateway,
  bodies: Iterable<string>,
  atMostMs: number,
): Promise<Record<string, number>> {
  const untilMs = performance.now() + atMostMs;
  const counts: Record<string, number> = {};
  const queue = bodies[Symbol.iterator]();
  const send = async () => {
    while (performance.now() < untilMs) {
      const next = queue.next();
      if (next.done) return;
      const { status, route } = await post(gateway.url, next.value);
      const answer = route === null ? String(status) : `${status} ${route}`;
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  return counts;
}
