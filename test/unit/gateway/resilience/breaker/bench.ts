import { type Breaker, BreakerOpenError, createBreaker } from "../../../../../gateway/resilience/breaker/breaker.ts";
import type { CallOutcome } from "../../../../../gateway/resilience/breaker/classify.ts";
import type { BreakerSettings } from "../../../../../gateway/resilience/breaker/judge.ts";

/** A call under way. `ends` settles its action; an action that is never ended stays pending, like one whose request has ended. */
export interface OpenCall {
  readonly ran: boolean;
  ends(outcome: CallOutcome): Promise<void>;
}

/** A breaker on a clock that a test moves. `draw` 0.5 means no jitter. */
export function breakerOnABench(settings: BreakerSettings, draw = 0.5) {
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
