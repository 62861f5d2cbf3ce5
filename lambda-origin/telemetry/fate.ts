/** Who sends an invocation's spans. Pure: no I/O, no clock. */

/** `export`: the function itself. `hand-back`: the gateway gets them in the answer. `drop`: nobody wants them. */
export type Fate = "export" | "hand-back" | "drop";

export type Ending = {
  sampled: boolean;
  /** Undefined where there is no answer: a throw, or Lambda's timeout. */
  status: number | undefined;
  /** Since the function was called. */
  elapsedMs: number;
  /** When the gateway gives up; infinite where it has not said. */
  giveUpMs: number;
};

/**
 * The gateway keeps an unsampled trace that turns out an error or late, and only an answer in time can hand it this part of it:
 * what cannot be handed over is exported on the spot. A refusal (4xx) is the gateway's to tell of.
 */
export function fateOf({ sampled, status, elapsedMs, giveUpMs }: Ending): Fate {
  if (sampled || hasFailed(status) || elapsedMs > giveUpMs) return "export";
  return status === 200 ? "hand-back" : "drop";
}

export function hasFailed(status: number | undefined): boolean {
  return status === undefined || status >= 500;
}
