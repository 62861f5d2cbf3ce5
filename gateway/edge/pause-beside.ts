/** The pause between two pieces of a load: docs/decisions/035-a-small-heap.md */
import type { Clock } from "../call.ts";

/**
 * Turns of the event loop while other requests are in progress, or were a moment ago. A request needs about ten of them, from its
 * connection to its answer, and would wait for a piece of the load before each.
 */
const TURNS_BESIDE_OTHERS = 4;
/** The gateway sees a request after its connection and its head have needed the thread, and not while its answer is written. */
const OTHERS_LAST_MS = 100;

export interface PauseParts {
  clock: Clock;
  /** Whether other requests are in progress. */
  othersWait(): boolean;
  /** Called as a pause begins; ends the load by throwing. */
  alive(): void;
}

/** @returns the pause of one load */
export function pauseBeside({ clock, othersWait, alive }: PauseParts): () => Promise<void> {
  let othersUntilMs = 0;
  return async () => {
    alive();
    const nowMs = clock.nowMs();
    if (othersWait()) othersUntilMs = nowMs + OTHERS_LAST_MS;
    for (let turn = nowMs < othersUntilMs ? TURNS_BESIDE_OTHERS : 1; turn > 0; turn--) await clock.wait(0);
  };
}
