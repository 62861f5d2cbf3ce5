import { expect } from "vitest";
import { type Breaker, BreakerOpenError, createBreaker } from "../../../../../gateway/resilience/breaker/breaker.ts";
import type { CallOutcome } from "../../../../../gateway/resilience/breaker/classify.ts";
import type { BreakerSettings } from "../../../../../gateway/resilience/breaker/judge.ts";

/** A call under way. `ends` settles its action; an action that is never ended stays pending, like one whose request has ended. */
export interface OpenCall {
  readonly ran: boolean;
  ends(outcome: CallOutcome): Promise<void>;
}

export const settings: BreakerSettings = { consecutive: 3, openMs: 30_000 };

/** The status of a closed breaker. */
export const closed = { state: "closed", reason: null, retryAtMs: null };

/** A breaker that has just opened. */
export async function tripped(bend: Partial<BreakerSettings> = {}) {
  const setUp = breakerWithClock({ ...settings, ...bend });
  for (let i = 0; i < 3; i++) await setUp.call("failure");
  expect(setUp.breaker.status().state).toBe("open");
  return setUp;
}

/** A breaker whose opening is over: the next call is the trial. */
export async function readyForTrial(bend: Partial<BreakerSettings> = {}) {
  const setUp = await tripped(bend);
  setUp.clock.atMs += 30_000;
  return setUp;
}

/** A breaker on a clock that a test moves. `draw` 0.5 means no jitter. */
export function breakerWithClock(settings: BreakerSettings, draw = 0.5) {
  const clock = {
    atMs: 1_000_000,
    nowMs: () => clock.atMs,
  };
  const breaker = createBreaker("test", settings, { clock, random: () => draw });
  return { breaker, clock, begin: () => begin(breaker), call: (outcome: CallOutcome) => call(breaker, outcome) };
}

function begin(breaker: Breaker): OpenCall {
  const outcome = Promise.withResolvers<CallOutcome>();
  let ran = false;
  const ended = breaker
    .run(
      () => {
        ran = true;
        return outcome.promise;
      },
      (settled) => (settled.ok ? settled.value : "failure"),
    )
    .then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof BreakerOpenError)) throw error;
      },
    );
  return {
    ran,
    async ends(value) {
      outcome.resolve(value);
      await ended;
    },
  };
}

/** Whether it was let through. */
async function call(breaker: Breaker, outcome: CallOutcome): Promise<boolean> {
  const under = begin(breaker);
  await under.ends(outcome);
  return under.ran;
}
