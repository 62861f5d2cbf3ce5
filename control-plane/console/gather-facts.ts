/** Gathers what the pages show. Nothing is kept between requests. */
import { type Env, ROOT_NAME } from "../ports.ts";
import { policyFactsOf } from "../report/policy-facts.ts";
import { reportOf } from "../report/report.ts";
import { withinMs } from "../within.ts";
import type { Facts, Range } from "./facts.ts";

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
  const [[ofRange, ofMonth], policy, history, rollouts] = await Promise.all([
    root.view(ranges),
    orNull(root.policy()),
    orNull(root.policyHistory()),
    root.rollouts(),
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
    rollout: rollouts.current ?? rollouts.rollouts[0] ?? null,
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
