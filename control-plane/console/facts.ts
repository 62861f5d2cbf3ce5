/** What the pages show, gathered from the ledger, the policy and the rollout. Every value is as it is now: nothing is kept between requests. */
import type { IsolateRow } from "../../formats/ledger/answer.ts";
import { parsePolicy } from "../../policies/parse.ts";
import type { PresentPolicy } from "../policy/present-policy.ts";
import { type Env, ROOT_NAME } from "../ports.ts";
import { policyFactsOf } from "../report/policy-facts.ts";
import { type Report, reportOf } from "../report/report.ts";
import type { RolloutStatus } from "../rollout/types.ts";
import { HOUR_MS } from "../widths.ts";
import { withinMs } from "../within.ts";

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

/** KV answers within milliseconds; a page without the policy is better than none. */
const MAX_POLICY_MS = 3000;

/** @throws Error when the ledger does not answer */
export async function gatherFacts({ LEDGER }: Env, range: Range, nowMs: number): Promise<Facts> {
  const root = LEDGER.get(LEDGER.idFromName(ROOT_NAME));
  const monthMs = Date.UTC(new Date(nowMs).getUTCFullYear(), new Date(nowMs).getUTCMonth());
  // Exclusive: the present minute belongs to it.
  const ranges = [
    { fromMs: nowMs - range.ms, toMs: nowMs + 1 },
    { fromMs: monthMs, toMs: nowMs + 1 },
  ];
  const [[ofRange, ofMonth], policy, history] = await Promise.all([
    root.view(ranges),
    orNull(root.policy()),
    orNull(root.policyHistory()),
  ]);
  if (ofRange === undefined || ofMonth === undefined) throw new Error("the ledger answered without counts");
  const policies = policyFactsOf(history?.entries.map(({ text }) => text) ?? []);
  return {
    nowMs,
    range,
    report: reportOf({ answer: ofRange, nowMs, policies }),
    month: reportOf({ answer: ofMonth, nowMs, policies }),
    isolates: ofRange.isolates,
    policy,
    rollout: null,
  };
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await withinMs(MAX_POLICY_MS, work);
  } catch (error) {
    console.warn(`The policy could not be read: ${String(error)}`);
    return null;
  }
}

/** The share that the stored policy asks for, in percent; null if it does not parse. */
export function askedShareOf(policy: PresentPolicy): number | null {
  const parsed = parsePolicy(policy.text ?? "{}");
  return parsed.ok ? parsed.policy.edge.share : null;
}
