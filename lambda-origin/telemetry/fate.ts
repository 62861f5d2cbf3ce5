/** Who sends an invocation's spans. Pure: no I/O, no clock. */

/** `export`: the function itself. `hand-back`: the gateway gets them in the answer. */
export type Fate = "export" | "hand-back";

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
 * The gateway keeps an unsampled trace that turns out an error, refused or late, and only an answer in time can hand it this part of it:
 * what cannot be handed over is exported on the spot. So is a failure: the gateway does not wait for what else a 5xx has to say.
 */
export function fateOf({ sampled, status, elapsedMs, giveUpMs }: Ending): Fate {
  return sampled || hasFailed(status) || elapsedMs > giveUpMs ? "export" : "hand-back";
}

export function hasFailed(status: number | undefined): boolean {
  return status === undefined || status >= 500;
}
