// What a call says about the health of the side it went to.

/** `ignored` says nothing about that side: it neither trips nor heals a breaker. */
export type CallOutcome = "success" | "failure" | "ignored";

/** A call that ended, either way. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Each side knows its own errors: which of them are the caller's doing is its to say. */
export type Classify<T> = (settled: Settled<T>) => CallOutcome;

/** Runs `action` to its end and never throws, not even when `action` throws before its first await. */
export async function settle<T>(action: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await action() };
  } catch (error) {
    return { ok: false, error };
  }
}
