/** A wait with a bound: an object that is slow must not make its caller slow. */

/** @throws Error when the work is not done after this many ms; the error of the work */
export async function withinMs<T>(maxMs: number, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = scheduler.wait(maxMs, { signal: done.signal }).then(
    () => Promise.reject(new Error(`no answer within ${maxMs} ms`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
