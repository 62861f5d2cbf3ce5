/** Pure: no I/O, no clock. Whether a trace that head sampling left out is exported all the same, now that it is known how it went. */
import type { Policy } from "../../policies/schema.ts";

export type Sampling = Policy["sampling"];
export type KeepReason = Sampling["keep"][number];

export const SAMPLE_ALL: Sampling = { ratio: 1, keep: ["error", "fallback", "refused", "slow"], slowMs: 1000 };

/** How a request went. */
export interface Ending {
  /** Of the answer; null where none was made. */
  status: number | null;
  /** Whether the gateway said no, whatever the status. */
  refused: boolean;
  /** Whether a side failed, or a second try was what answered. */
  fellBack: boolean;
  /** From the request to the answer. */
  totalMs: number;
}

/** The reasons to keep it that hold and that the policy names, in the policy's order; none means that it may go. */
export function keepReasons(ending: Ending, { keep, slowMs }: Sampling): KeepReason[] {
  const holds: Readonly<Record<KeepReason, boolean>> = {
    error: ending.status === null || ending.status >= 500,
    fallback: ending.fellBack,
    refused: ending.refused,
    slow: ending.totalMs > slowMs,
  };
  return keep.filter((reason) => holds[reason]);
}
