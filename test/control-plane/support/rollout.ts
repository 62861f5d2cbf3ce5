/** A rollout of minutes in the root object: its traffic, its looks, and what it has written. */
import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { thresholdsSchema } from "../../../control-plane/rollout/thresholds.ts";
import type { RolloutStatus } from "../../../control-plane/rollout/types.ts";
import { startSchema } from "../../../control-plane/rollout-port.ts";
import { Cells } from "../../../formats/ledger/cells.ts";
import { seriesOf } from "../../../formats/ledger/series.ts";
import { POLICY_KEY } from "../../../policies/store.ts";
import { MINUTE, message, root, setTime, shardOf, TEN, texts } from "./ledger.ts";

/** A plan of minutes, which few texts decide. */
const THRESHOLDS = thresholdsSchema.parse({
  minTextsPerArm: 300,
  minStepMs: 0,
  minLastStepMs: 0,
  minShadowMs: 0,
  minComparisons: 10,
  maxDisagreement: 0.5,
  maxFailureDifference: 0.1,
  maxP95Ratio: 2,
  failedP95Ratio: 3,
});

let now = TEN;
let seq = 0;

/** Each test begins at TEN, and ends with empty objects and an empty KV. */
export function eachFromTen(): void {
  beforeEach(() => {
    now = TEN;
    setTime(now);
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    await reset();
  });
}

/** Moves the clock. @returns the time */
export function later(ms: number): number {
  now += ms;
  setTime(now);
  return now;
}

export const given = { kind: "share", target: 100, steps: [50, 100], thresholds: THRESHOLDS, author: "Ann" };

/** @returns the rollout after its first step was written */
export async function start({
  policy = {},
  ...more
}: {
  policy?: object;
  [field: string]: unknown;
} = {}): Promise<RolloutStatus> {
  await env.POLICIES.put(
    POLICY_KEY,
    JSON.stringify({ version: 6, edge: { share: 0, stickyBy: "text" }, latencyBudgetMs: 900, ...policy }),
  );
  const answer = await root().startRollout(startSchema.parse({ ...given, ...more }));
  if (answer.is !== "changed") throw new Error(answer.problem);
  return answer.rollout;
}

interface Traffic {
  inside?: number;
  insideFailed?: number;
  outside?: number;
  /** Of the first half of the outside arm. */
  outsideFailed?: number;
  compared?: number;
  policy?: number;
}

/** Texts that an isolate counted in the present minute under a version of the policy; they are on their way to the root. */
export async function send({
  inside = 0,
  insideFailed = 0,
  outside = 0,
  outsideFailed = 0,
  compared = 20,
  policy,
}: Traffic): Promise<void> {
  const version = String(policy ?? (await storedPolicy()).version);
  const cells = new Cells();
  const arms = [
    [inside, { arm: "inside", outcome: "ok" }],
    [insideFailed, { arm: "inside", outcome: "failed:crashed" }],
    [Math.ceil(outside / 2), { arm: "outside-a", outcome: "ok" }],
    [Math.floor(outside / 2), { arm: "outside-b", outcome: "ok" }],
    [outsideFailed, { arm: "outside-a", outcome: "failed:crashed" }],
  ] as const;
  for (const [n, fields] of arms) cells.merge(texts(Array<number>(n).fill(20), { ...fields, policy: version }));
  if (compared > 0) cells.count(seriesOf("shadow", { outcome: "agrees", policy: version }), compared);
  await shardOf("weur").record(message({ seq: ++seq, isolate: crypto.randomUUID(), cells }));
  // The shard's first alarm makes it known to the root.
  await runDurableObjectAlarm(shardOf("weur"));
}

/** The object's alarm, as at its time. */
export async function look(): Promise<RolloutStatus> {
  later(MINUTE);
  expect(await runDurableObjectAlarm(root())).toBe(true);
  return status();
}

export async function status(): Promise<RolloutStatus> {
  const [newest] = (await root().rollouts()).rollouts;
  if (newest === undefined) throw new Error("there is no rollout");
  return newest;
}

export async function storedPolicy(
  key = POLICY_KEY,
): Promise<{ version: number; edge: { share: number }; [key: string]: unknown }> {
  return JSON.parse((await env.POLICIES.get(key)) ?? "null");
}

/** Author and message of each version in the history. */
export async function writers(): Promise<string[]> {
  return (await root().policyHistory()).entries.map(({ name, author, message }) => `${name} ${author}: ${message}`);
}

/** Ends the object as a crash does: a new one reads what is stored. */
export async function crash(): Promise<void> {
  await evictDurableObject(root());
}
