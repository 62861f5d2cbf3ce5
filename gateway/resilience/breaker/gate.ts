// The one place that knows opossum. It gates, keeps the state and counts; everything that needs time is done out here,
// because a Worker's timers die with the request that set them. docs/decisions says what and why.

import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";
import type { CallRating, Tally } from "./judge.ts";

/** What a call that was let through hands back, once. Dropping it instead counts nothing and leaks nothing. */
export interface Permit {
  /** Resolves when the gate has moved, if the verdict moves it. */
  report(rating: CallRating, nowMs: number, windowMs: number): Promise<void>;
}

/** A gate lives for one stretch of closed → open or half-open → closed → open: what it let through reports to it alone. */
export interface Gate {
  readonly state: "closed" | "open" | "half-open";
  /** When the one probe of a half-open gate went through; null while it is still to be had. */
  readonly trialAtMs: number | null;
  /** null: refused. */
  enter(nowMs: number): Permit | null;
  /** Nobody hears of this gate again, whatever its calls still report. */
  retire(): void;
}

export interface GateDuties {
  /** Asked after each bad call while closed: the reason to trip, or null. */
  judge(tally: Tally): string | null;
  /** `reason` is null when it was the probe that failed. */
  opened(reason: string | null): void;
  closed(): void;
}

const failed = new Error("the call failed");
const slow = new Error("the call was slow");

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
    // opossum's own rate counts calls in flight and refusals as calls, so it only judges probes; closed gates ask `judge`.
    volumeThreshold: Number.MAX_SAFE_INTEGER,
    state: { closed: start === "closed", halfOpen: start === "half-open" },
  };
  const opossum = new CircuitBreaker((rating: () => Promise<void>) => rating(), options);
  // Its own listener would set the reset timer here: in a Worker it never fires, in Node it fires by another clock.
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
        // Rejects for a refusal and for a bad verdict alike: both are known here by other means.
        .catch(() => undefined);
      if (!entered) return null;
      if (isTrial) trialAtMs = nowMs;
      return {
        async report(value, nowMs, windowMs) {
          rotation.catchUp(nowMs, windowMs);
          // A slow probe closes: it answered. An origin left alone for minutes starts cold, and would else stay shut for good.
          if (value === "success" || (value === "slow" && isTrial)) rating.resolve();
          else rating.reject(value === "slow" ? slow : failed);
          await heard;
        },
      };
    },
    retire: () => opossum.shutdown(),
  };
}

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
