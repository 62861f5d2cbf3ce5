/** A thrown value as one word for `error.type`. Pure. */

/** The error's class name, or `_OTHER`: a message or a made-up name could hold a caller's text. */
export function errorType(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return /^[A-Z][A-Za-z]{1,40}$/.test(name) ? name : "_OTHER";
}

/** Whether the work was called off, as opposed to failed or timed out (`TimeoutError`). */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
