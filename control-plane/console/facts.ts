/** What the pages show: the ledger, the policy and the rollout, as they are now. Pure. */
import type { IsolateRow } from "../../formats/ledger/answer.ts";
import { parsePolicy } from "../../policies/parse.ts";
import type { PresentPolicy } from "../policy/present-policy.ts";
import type { Report } from "../report/report.ts";
import type { RolloutStatus } from "../rollout/types.ts";
import { HOUR_MS } from "../widths.ts";

/** What the figures are of; the first is shown without a choice. */
export const RANGES = [
  { id: "1h", name: "last hour", ms: HOUR_MS },
  { id: "24h", name: "last 24 hours", ms: 24 * HOUR_MS },
  { id: "7d", name: "last 7 days", ms: 7 * 24 * HOUR_MS },
  { id: "30d", name: "last 30 days", ms: 30 * 24 * HOUR_MS },
] as const;
export type Range = (typeof RANGES)[number];

export interface Facts {
  nowMs: number;
  range: Range;
  /** Of the range. */
  report: Report;
  /** Of this calendar month (UTC) so far, with its days. */
  month: Report;
  isolates: readonly IsolateRow[];
  /** Null when KV does not answer. */
  policy: PresentPolicy | null;
  /** The rollout that has not ended; otherwise the last one. Null if there was none. */
  rollout: RolloutStatus | null;
}

/** Unknown names select the first range. */
export function rangeNamed(id: string | undefined): Range {
  return RANGES.find((one) => one.id === id) ?? RANGES[0];
}

/** The share that the policy in force asks for, in percent; null if it does not parse. */
export function askedShareOf({ inForce }: PresentPolicy): number | null {
  const parsed = parsePolicy(inForce.text ?? "{}");
  return parsed.ok ? parsed.policy.edge.share : null;
}
