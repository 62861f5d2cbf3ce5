/** How a load, a run and a text that is tokenized give way to other requests: docs/decisions/052-a-load-gives-way.md */
import type { Clock } from "../call.ts";

/**
 * Beside others a pause lasts until so many turns of the event loop in a row have had no work
 * that the clock shows. A request needs about ten turns, from its connection to its answer, and would wait for a piece of the load, or of
 * the text, before each.
 */
const QUIET_TURNS = 4;
/** Then the work continues: requests that never end must not stop it. */
const MAX_PAUSE_MS = 8;
/**
 * The gateway sees a request after its connection and its head have needed the thread, and not while its answer is written. Where requests
 * have come, more will.
 */
const OTHERS_LAST_MS = 100;

/** @returns whether others are there, or were a moment ago when this was last asked */
export function nowOrRecently(areThere: () => boolean, clock: Pick<Clock, "nowMs">): () => boolean {
  let untilMs = 0;
  return () => {
    const nowMs = clock.nowMs();
    if (areThere()) untilMs = nowMs + OTHERS_LAST_MS;
    return nowMs < untilMs;
  };
}

export interface PauseParts {
  clock: Clock;
  /** Whether other requests are in progress, or were a moment ago. */
  othersWait(): boolean;
  /** Called as a pause begins; ends the work by throwing. */
  alive?(): void;
}

/** @returns the pause between two pieces of the work */
export function pauseBeside({ clock, othersWait, alive }: PauseParts): () => Promise<void> {
  return async () => {
    alive?.();
    const startedAtMs = clock.nowMs();
    const turns = othersWait() ? QUIET_TURNS : 1;
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
