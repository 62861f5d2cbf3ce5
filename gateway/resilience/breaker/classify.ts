/** What the result of a call means for the health of the side that was called. */

/** `ignored` means nothing for that side: it neither opens nor closes a breaker. */
export type CallOutcome = "success" | "failure" | "ignored";

/** A call that has ended. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Each side knows which of its errors the caller caused. */
export type Classify<T> = (settled: Settled<T>) => CallOutcome;

/** Runs `action` to its end and never throws, not even when `action` throws before its first await. */
export async function settle<T>(action: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await action() };
  } catch (error) {
    return { ok: false, error };
  }
}
