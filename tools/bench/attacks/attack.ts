/** The port between the attacks and the bench: what one attack sends, what it may cost, and what must hold after it. */
import type { HostileOrigin } from "./hostile-origin.ts";
import type { TraceSink } from "./trace-sink.ts";

/** The bounds that the bench checks, in MiB, whatever is sent at once. */
export const MAX_HEAP_MIB = 4;

export interface Target {
  url: string;
  origin: HostileOrigin;
  sink: TraceSink;
  /** API keys that only the attack uses. */
  key: string;
  smallKey: string;
  operatorToken: string;
  /** Writes the KV key `policy`, as another tool than the command would. */
  writePolicy(text: string): Promise<void>;
}

export interface Attack {
  name: string;
  /** What MAX_HEAP_MIB bounds: each run of one request, or the median of runs with several at once; null for no bound. */
  bounds: "each-run" | "median" | null;
  /** What other callers send meanwhile: a text for the edge, or one for the origin. */
  others: "short" | "long";
  /** The origin fails by itself, so its breaker may open. */
  breaksOrigin?: true;
  /** Seconds pass in one run, so its heap is measured once. */
  isSlow?: true;
  /** Before the first run. */
  begin?(target: Target): Promise<void> | void;
  /** Sends it once. @throws Error with one sentence if the gateway does not refuse it as it should */
  once(target: Target): Promise<void>;
  /** After the last run. @returns the promise that is broken, or null */
  end?(target: Target): Promise<string | null> | string | null;
}
