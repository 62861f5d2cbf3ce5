/** The run of a command that starts processes: whatever ends it, they end first. */
import { Interrupted, STOP_SIGNALS } from "./signals.ts";

export interface Run<T> {
  /** What a signal ends it with: "Stopped before the bench was done." */
  stoppedMessage: string;
  work(): Promise<T>;
  /** Ends what `work` has started, which may continue for a moment. A second signal does not end it earlier. */
  end(): Promise<void>;
}

/**
 * Runs `work`, then `end`. A rejection that nothing awaits ends the work too: by itself, it would end this process and leave the others.
 * @throws the error of `work` or `end`; Interrupted after a signal; Error with one sentence for an error outside of the awaited work
 */
export async function runToEnd<T>({ stoppedMessage, work, end }: Run<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const onSignal = (signal: NodeJS.Signals) => stopped.reject(new Interrupted(stoppedMessage, signal));
  const onFault = (cause: unknown) => stopped.reject(new Error(`Unexpected error: ${textOf(cause)}`, { cause }));
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  process.on("unhandledRejection", onFault).on("uncaughtException", onFault);
  try {
    return await Promise.race([work(), stopped.promise]);
  } finally {
    try {
      await end();
    } finally {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
      process.off("unhandledRejection", onFault).off("uncaughtException", onFault);
    }
  }
}

/** The first line: some libraries append their log. */
function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}
