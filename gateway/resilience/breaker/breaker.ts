import { type CallOutcome, type Classify, settle } from "./classify.ts";
import { createGate, type Gate, type Permit } from "./gate.ts";
import {
  type BreakerSettings,
  DEFAULT_WINDOW_MS,
  judge,
  type Opening,
  openingEndsAtMs,
  rateCall,
  reasonOf,
  trialEndsAtMs,
} from "./judge.ts";

export interface BreakerStatus {
  /** `half-open`: the time is up, and the one probe decides: it is to be had, or under way (then `retryAtMs` is set). */
  readonly state: "closed" | "open" | "half-open";
  /** Why it is not closed; null when it is. */
  readonly reason: string | null;
  /** Refuses until then at the latest; null: the next call is let through. */
  readonly retryAtMs: number | null;
}

/** `half-open` begins with the probe that goes through, and not with the end of the opening, which nobody may be there to see. */
export interface BreakerChange {
  readonly from: BreakerStatus["state"];
  readonly to: BreakerStatus["state"];
  /** Why it is not closed; null when it is. */
  readonly reason: string | null;
}

export interface Breaker {
  /** The state as of now. Asking changes nothing. */
  status(): BreakerStatus;
  /** Whether `run` would let a call through now. Asking changes nothing. */
  allows(): boolean;
  /**
   * Runs `action` and hands on what it returns or throws. `classify` says what that tells of the side called.
   * @throws BreakerOpenError without running `action`, when the breaker refuses.
   */
  run<T>(action: () => Promise<T>, classify: Classify<T>): Promise<T>;
  /** Takes effect at once, on an opening under way too; what was counted stays. */
  configure(settings: BreakerSettings): void;
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
  // Not null exactly while the gate is not closed.
  let opening: Opening | null = null;
  let gate = begin("closed", 0);
  let reportedState: BreakerStatus["state"] = "closed";

  function begin(state: "closed" | "half-open", nowMs: number): Gate {
    return createGate(name, state, nowMs, {
      judge: (tally) => judge(tally, inForce),
      opened(reason) {
        opening = {
          atMs: clock.nowMs(),
          reason: opening?.reason ?? reason ?? "a failed probe",
          reopenings: opening === null ? 0 : opening.reopenings + 1,
          draw: random(),
        };
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

  // opossum gives a gate one probe only, and a gate's late calls must not touch what came after: so each probe gets a new one.
  function renew(nowMs: number): void {
    gate.retire();
    gate = begin("half-open", nowMs);
    reportChange("half-open");
  }

  function statusAt(nowMs: number): BreakerStatus {
    if (opening === null) return { state: "closed", reason: null, retryAtMs: null };
    const reason = reasonOf(opening);
    if (gate.state === "open") {
      const endsAtMs = openingEndsAtMs(opening, inForce);
      if (nowMs < endsAtMs) return { state: "open", reason, retryAtMs: endsAtMs };
    } else if (gate.trialAtMs !== null) {
      const endsAtMs = trialEndsAtMs(gate.trialAtMs, inForce);
      if (nowMs < endsAtMs) return { state: "half-open", reason, retryAtMs: endsAtMs };
    }
    return { state: "half-open", reason, retryAtMs: null };
  }

  function enter(nowMs: number): Permit {
    const { state, retryAtMs } = statusAt(nowMs);
    const spent = gate.state === "open" || gate.trialAtMs !== null;
    if (state === "half-open" && retryAtMs === null && spent) renew(nowMs);
    const permit = gate.enter(nowMs);
    if (permit === null) throw new BreakerOpenError(name, retryAtMs ?? nowMs);
    return permit;
  }

  async function report(permit: Permit, from: Gate, outcome: CallOutcome, startedAtMs: number): Promise<void> {
    const nowMs = clock.nowMs();
    if (outcome === "ignored") {
      // opossum would take a filtered error for a success and close: it is told nothing, and the probe is to be had again.
      if (from === gate && gate.state === "half-open") renew(nowMs);
      return;
    }
    const rating = rateCall(outcome, nowMs - startedAtMs, inForce);
    await permit.report(rating, nowMs, inForce.windowMs ?? DEFAULT_WINDOW_MS);
  }

  return {
    status: () => statusAt(clock.nowMs()),
    allows: () => statusAt(clock.nowMs()).retryAtMs === null,
    async run(action, classify) {
      const startedAtMs = clock.nowMs();
      const permit = enter(startedAtMs);
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
