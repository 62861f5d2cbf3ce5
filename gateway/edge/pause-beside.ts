/** The pause between two pieces of a load: docs/decisions/052-a-load-gives-way.md */
import type { Clock } from "../call.ts";

/**
 * While other requests are in progress, or were a moment ago, a pause lasts until so many turns of the event loop in a row have had no work
 * that the clock shows. A request needs about ten turns, from its connection to its answer, and would wait for a piece of the load before
 * each.
 */
const QUIET_TURNS = 4;
/** Then the load continues: requests that never end must not stop it. */
const MAX_PAUSE_MS = 8;
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
    const startedAtMs = clock.nowMs();
    if (othersWait()) othersUntilMs = startedAtMs + OTHERS_LAST_MS;
    const turns = startedAtMs < othersUntilMs ? QUIET_TURNS : 1;
    let beforeMs = startedAtMs;
    for (let quiet = 0; quiet < turns; ) {
      await clock.wait(0);
      const nowMs = clock.nowMs();
      quiet = nowMs === beforeMs || turns === 1 ? quiet + 1 : 0;
      beforeMs = nowMs;
      if (nowMs - startedAtMs >= MAX_PAUSE_MS) return;
    }
  };
}
