/**
 * The adapter around opossum, which gates, keeps the state and counts. Everything that needs time is done outside of it, because a
 * Worker's timers end with the request that set them: docs/decisions/003-breaker-on-opossum.md
 */

import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";
import type { CallRating, Tally } from "./judge.ts";

/** A call that was allowed reports once. A permit that never reports counts nothing and leaks nothing. */
export interface Permit {
  /** Resolves when the gate has changed its state, if the rating changes it. */
  report(rating: CallRating, nowMs: number, windowMs: number): Promise<void>;
}

/** A gate lives for one sequence of closed → open or half-open → closed → open. Calls report only to the gate that allowed them. */
export interface Gate {
  readonly state: "closed" | "open" | "half-open";
  /** When the trial of a half-open gate started; null before. */
  readonly trialAtMs: number | null;
  /** Null if the gate refuses the call. */
  enter(nowMs: number): Permit | null;
  /** Ends the gate: later reports of its calls have no effect. */
  retire(): void;
}

export interface GateDuties {
  /** Called after each bad call while closed: the reason to open, or null. */
  judge(tally: Tally): string | null;
  /** `reason` is null if the trial failed. */
  opened(reason: string | null): void;
  closed(): void;
}

const failed = new Error("the call failed");
const slow = new Error("the call was slow");

/** A new gate in one of its two starting states. `name` appears in errors only. */
export function createGate(name: string, start: "closed" | "half-open", nowMs: number, duties: GateDuties): Gate {
  const rotation = createRotation(nowMs);
  let failuresInARow = 0;
  let tripReason: string | null = null;
  let trialAtMs: number | null = null;

  // A variable, not a literal: @types/opossum does not know `state`.
  const options = {
    name,
    timeout: false as const,
    enableSnapshots: false,
    rollingPercentilesEnabled: false,
    rotateBucketController: rotation.controller,
    // opossum's own rate counts calls in flight and refusals as calls, so it only judges trials; closed gates use `judge`.
    volumeThreshold: Number.MAX_SAFE_INTEGER,
    state: { closed: start === "closed", halfOpen: start === "half-open" },
  };
  const opossum = new CircuitBreaker((rating: () => Promise<void>) => rating(), options);
  // opossum's listener would set its reset timer: in a Worker it never fires, in Node it goes by another clock.
  opossum.removeAllListeners("open");

  opossum.on("success", () => {
    failuresInARow = 0;
  });
  opossum.on("failure", (error) => {
    failuresInARow = error === slow ? 0 : failuresInARow + 1;
    if (!opossum.closed) return;
    tripReason = duties.judge({ failuresInARow, bad: opossum.stats.failures, good: opossum.stats.successes });
    if (tripReason !== null) opossum.open();
  });
  opossum.on("open", () => duties.opened(tripReason));
  opossum.on("close", () => duties.closed());

  return {
    get state() {
      if (opossum.closed) return "closed";
      return opossum.halfOpen ? "half-open" : "open";
    },
    get trialAtMs() {
      return trialAtMs;
    },
    enter(nowMs) {
      const rating = Promise.withResolvers<void>();
      const isTrial = opossum.halfOpen;
      let entered = false;
      const heard = opossum
        .fire(() => {
          entered = true;
          return rating.promise;
        })
        // Rejects for a refusal and for a bad rating; both are known by other means.
        .catch(() => undefined);
      if (!entered) return null;
      if (isTrial) trialAtMs = nowMs;
      return {
        async report(value, nowMs, windowMs) {
          rotation.catchUp(nowMs, windowMs);
          // A slow trial closes the breaker: the origin answered. After minutes without calls it starts cold and would stay excluded.
          if (value === "success" || (value === "slow" && isTrial)) rating.resolve();
          else rating.reject(value === "slow" ? slow : failed);
          await heard;
        },
      };
    },
    retire: () => opossum.shutdown(),
  };
}

/** opossum's default: a window has ten buckets. */
const BUCKETS = 10;

/** Replaces the timer by which opossum would rotate its buckets. */
export interface Rotation {
  /** Emits `rotate`; for opossum's `rotateBucketController`. */
  readonly controller: EventEmitter;
  /** Rotates for each bucket border passed since the last call. Call it before anything is counted or read. */
  catchUp(nowMs: number, windowMs: number): void;
}

/** A rotation whose first bucket starts at `startMs`. */
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
