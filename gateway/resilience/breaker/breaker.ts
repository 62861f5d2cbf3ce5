import { type CallOutcome, type Classify, settle } from "./classify.ts";
import { createGate, type Gate, type Permit } from "./gate.ts";
import {
  type BreakerSettings,
  DEFAULT_WINDOW_MS,
  EARLY_TRIAL_EVERY_MS,
  judge,
  type Opening,
  openingEndsAtMs,
  rateCall,
  reasonOf,
  trialEndsAtMs,
} from "./judge.ts";

export interface BreakerStatus {
  /** `half-open`: the opening has ended and one trial decides. While the trial runs, `retryAtMs` is set. */
  readonly state: "closed" | "open" | "half-open";
  /** Why the breaker is not closed; null if it is closed. */
  readonly reason: string | null;
  /** The breaker refuses calls until then at the latest; null: the next call is allowed. */
  readonly retryAtMs: number | null;
}

/** `half-open` begins when the trial starts, not when the opening ends: no request may be there at that time. */
export interface BreakerChange {
  readonly from: BreakerStatus["state"];
  readonly to: BreakerStatus["state"];
  /** Why the breaker is not closed; null if it is closed. */
  readonly reason: string | null;
}

export interface Breaker {
  /** The state now. Reading it changes nothing. */
  status(): BreakerStatus;
  /** Whether `run` would allow a call now. Reading it changes nothing. */
  allows(): boolean;
  /** Whether `run` would allow an early trial now. Reading it changes nothing. */
  allowsEarlyTrial(): boolean;
  /**
   * Runs `action` and returns or throws what it does. `classify` decides what the result means for the side that was called.
   * @throws BreakerOpenError without running `action`, if the breaker refuses the call
   */
  run<T>(action: () => Promise<T>, classify: Classify<T>, options?: RunOptions): Promise<T>;
  /** Takes effect at once, also on a running opening. Counts are kept. */
  configure(settings: BreakerSettings): void;
}

export interface RunOptions {
  /**
   * The call would be refused otherwise, so it may be a trial before the opening ends: one at a time, and one per second. A trial that
   * fails early does not extend the opening.
   */
  mayBeEarlyTrial?: boolean;
}

export class BreakerOpenError extends Error {
  readonly retryAtMs: number;

  constructor(name: string, retryAtMs: number) {
    super(`the ${name} breaker is open: call again at ${retryAtMs} ms, or use the other side until then`);
    this.name = "BreakerOpenError";
    this.retryAtMs = retryAtMs;
  }
}

export interface BreakerParts {
  clock: { nowMs(): number };
  /** A number from [0, 1). */
  random(): number;
  /** Called at each change of state. */
  changed?: (change: BreakerChange) => void;
}

/** Sets no timer and reads neither clock nor `random` before the first call, so it may be made at module scope. */
export function createBreaker(
  name: string,
  settings: BreakerSettings,
  { clock, random, changed = () => {} }: BreakerParts,
): Breaker {
  let inForce = settings;
  // Null exactly while the gate is closed.
  let opening: Opening | null = null;
  let gate = begin("closed", 0);
  let reportedState: BreakerStatus["state"] = "closed";
  let lastTrial = { atMs: Number.NEGATIVE_INFINITY, isEarly: false };

  function begin(state: "closed" | "half-open", nowMs: number): Gate {
    return createGate(name, state, nowMs, {
      judge: (tally) => judge(tally, inForce),
      opened(reason) {
        if (opening === null || !lastTrial.isEarly) {
          opening = {
            atMs: clock.nowMs(),
            reason: opening?.reason ?? reason ?? "a failed trial",
            reopenings: opening === null ? 0 : opening.reopenings + 1,
            draw: random(),
          };
        }
        reportChange("open");
      },
      closed() {
        opening = null;
        reportChange("closed");
      },
    });
  }

  function reportChange(to: BreakerStatus["state"]): void {
    if (to === reportedState) return;
    const from = reportedState;
    reportedState = to;
    changed({ from, to, reason: opening === null ? null : reasonOf(opening) });
  }

  // opossum allows one trial per gate, and late calls of a gate must not affect its successor: so each trial gets a new gate.
  function renew(nowMs: number): void {
    gate.retire();
    gate = begin("half-open", nowMs);
  }

  function statusAt(nowMs: number): BreakerStatus {
    if (opening === null) return { state: "closed", reason: null, retryAtMs: null };
    const reason = reasonOf(opening);
    if (gate.state === "half-open" && gate.trialAtMs !== null) {
      const endsAtMs = trialEndsAtMs(gate.trialAtMs, inForce);
      if (nowMs < endsAtMs) return { state: "half-open", reason, retryAtMs: endsAtMs };
    }
    // Also behind an early trial that showed nothing.
    if (gate.state === "open" || lastTrial.isEarly) {
      const endsAtMs = openingEndsAtMs(opening, inForce);
      if (nowMs < endsAtMs) return { state: "open", reason, retryAtMs: endsAtMs };
    }
    return { state: "half-open", reason, retryAtMs: null };
  }

  function isEarlyTrialDue(nowMs: number): boolean {
    if (opening === null || statusAt(nowMs).state !== "open") return false;
    return nowMs - Math.max(opening.atMs, lastTrial.atMs) >= EARLY_TRIAL_EVERY_MS;
  }

  function enter(nowMs: number, mayBeEarlyTrial: boolean): Permit {
    const { state, retryAtMs } = statusAt(nowMs);
    if (state !== "closed") {
      const isEarly = mayBeEarlyTrial && isEarlyTrialDue(nowMs);
      if (retryAtMs !== null && !isEarly) throw new BreakerOpenError(name, retryAtMs);
      if (gate.state === "open" || gate.trialAtMs !== null) renew(nowMs);
      lastTrial = { atMs: nowMs, isEarly };
      // While the origin is down this happens each second, which would be noise.
      if (!isEarly) reportChange("half-open");
    }
    const permit = gate.enter(nowMs);
    if (permit === null) throw new BreakerOpenError(name, retryAtMs ?? nowMs);
    return permit;
  }

  async function report(permit: Permit, from: Gate, outcome: CallOutcome, startedAtMs: number): Promise<void> {
    const nowMs = clock.nowMs();
    if (outcome === "ignored") {
      // opossum would count a filtered error as a success and close. So the gate is not notified, and another trial is allowed.
      if (from !== gate || gate.state !== "half-open") return;
      renew(nowMs);
      return;
    }
    const rating = rateCall(outcome, nowMs - startedAtMs, inForce);
    await permit.report(rating, nowMs, inForce.windowMs ?? DEFAULT_WINDOW_MS);
  }

  return {
    status: () => statusAt(clock.nowMs()),
    allows: () => statusAt(clock.nowMs()).retryAtMs === null,
    allowsEarlyTrial: () => isEarlyTrialDue(clock.nowMs()),
    async run(action, classify, { mayBeEarlyTrial = false } = {}) {
      const startedAtMs = clock.nowMs();
      const permit = enter(startedAtMs, mayBeEarlyTrial);
      const from = gate;
      const settled = await settle(action);
      let outcome: CallOutcome = "ignored";
      try {
        outcome = classify(settled);
      } finally {
        await report(permit, from, outcome, startedAtMs);
      }
      if (settled.ok) return settled.value;
      throw settled.error;
    },
    configure(settings) {
      inForce = settings;
    },
  };
}
