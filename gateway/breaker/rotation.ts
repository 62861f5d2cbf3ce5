import { EventEmitter } from "node:events";

/** opossum's default, and the field's: a window forgets in ten steps. */
const BUCKETS = 10;

/** Stands in for the timer that opossum would rotate its buckets by. */
export interface Rotation {
  /** Emits `rotate`; for opossum's `rotateBucketController`. */
  readonly controller: EventEmitter;
  /** Makes up for the borders passed since the last call: to be called before anything is counted or read. */
  catchUp(nowMs: number, windowMs: number): void;
}

export function createRotation(startMs: number): Rotation {
  const controller = new EventEmitter();
  let bucketSinceMs = startMs;
  return {
    controller,
    catchUp(nowMs, windowMs) {
      const bucketMs = Math.max(1, windowMs / BUCKETS);
      const passed = Math.floor((nowMs - bucketSinceMs) / bucketMs);
      if (passed <= 0) return;
      for (let i = 0; i < Math.min(passed, BUCKETS); i++) controller.emit("rotate");
      bucketSinceMs += passed * bucketMs;
    },
  };
}
