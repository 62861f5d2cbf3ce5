/** Times of an instance's INIT and its parts, for the trace of the first invocation. */

/** INIT of an instance. Times are in ms since 1970: the first invocation may come long after it. */
export interface Init {
  readonly startedAtUnixMs: number;
  readonly endedAtUnixMs: number;
  readonly parts: readonly InitPart[];
  /** The model that was loaded. */
  readonly model?: string | undefined;
  /** Why no model was loaded, for the operator. */
  readonly problem?: string | undefined;
}

interface InitPart {
  readonly name: string;
  readonly startedAtUnixMs: number;
  readonly endedAtUnixMs: number;
  readonly failed: boolean;
}

/** Runs a part of INIT and keeps its times. What it throws is thrown on. */
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
    return { startedAtUnixMs: performance.timeOrigin, endedAtUnixMs: nowUnixMs(), parts: this.#parts, ...outcome };
  }
}

/** How long INIT took. */
export function initMs({ startedAtUnixMs, endedAtUnixMs }: Init): number {
  return endedAtUnixMs - startedAtUnixMs;
}

/** By the clock that has the process's start. Only for INIT: it stands still while Lambda freezes the process. */
function nowUnixMs(): number {
  return performance.timeOrigin + performance.now();
}
