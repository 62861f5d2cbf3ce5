/** When an instance's INIT and its parts began and ended, for the trace of the first invocation. */

/** INIT of an instance, in ms since 1970: it may be long ago when the first invocation comes. */
export type Init = {
  readonly startedAtUnixMs: number;
  readonly endedAtUnixMs: number;
  readonly parts: readonly InitPart[];
  /** The model that was loaded. */
  readonly model?: string | undefined;
  /** Why there is none, for the operator. */
  readonly problem?: string | undefined;
};

type InitPart = {
  readonly name: string;
  readonly startedAtUnixMs: number;
  readonly endedAtUnixMs: number;
  readonly failed: boolean;
};

/** Runs a part of INIT and remembers how long it took. */
export type Timed = <T>(name: string, work: () => Promise<T> | T) => Promise<T>;

export class InitClock {
  readonly #parts: InitPart[] = [];

  readonly timed: Timed = async (name, work) => {
    const startedAtUnixMs = nowUnixMs();
    let failed = true;
    try {
      const made = await work();
      failed = false;
      return made;
    } finally {
      this.#parts.push({ name, startedAtUnixMs, endedAtUnixMs: nowUnixMs(), failed });
    }
  };

  /** INIT begins with the process and ends now. */
  finish(outcome: Pick<Init, "model" | "problem"> = {}): Init {
    return {
      startedAtUnixMs: performance.timeOrigin,
      endedAtUnixMs: nowUnixMs(),
      parts: this.#parts,
      ...outcome,
    };
  }
}

export function initMs({ startedAtUnixMs, endedAtUnixMs }: Init): number {
  return endedAtUnixMs - startedAtUnixMs;
}

/** Of one clock with the process's start. Only to be used in INIT: it stands still while Lambda has the process frozen. */
function nowUnixMs(): number {
  return performance.timeOrigin + performance.now();
}
