/** Rollouts in the root object, in real workerd: looks by alarm, steps and rollbacks as versions of the policy; the watch over the halves. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { startSchema } from "../../control-plane/rollout-port.ts";
import { LAST_GOOD_KEY, POLICY_KEY } from "../../policies/store.ts";
import { DAY, HOUR, MINUTE, root } from "./support/ledger.ts";
import { crash, eachFromTen, given, later, look, send, start, storedPolicy, writers } from "./support/rollout.ts";

eachFromTen();

describe("a rollout", () => {
  it("writes each step into the policy under its name, looks by alarm, and ends at the target", async () => {
    expect(await start()).toMatchObject({ id: 1, state: "running", step: "50 %", policyVersion: 7 });
    expect(await storedPolicy()).toMatchObject({ version: 7, edge: { share: 50 }, latencyBudgetMs: 900 });
    expect(await look()).toMatchObject({ state: "running", verdict: "inconclusive" });
    await send({ inside: 400, outside: 400 });
    expect(await look()).toMatchObject({ state: "succeeded", step: "100 %", policyVersion: 8 });
    expect(await storedPolicy()).toMatchObject({ version: 8, edge: { share: 100 }, latencyBudgetMs: 900 });
    expect(await storedPolicy(LAST_GOOD_KEY)).toMatchObject({ version: 8 });
    expect(await writers()).toEqual(["6 null: null", "7 spillway: rollout #1: 50 %", "8 spillway: rollout #1: 100 %"]);
    expect((await root().rollouts()).current).toBeNull();
    const found = await root().rollout(1);
    expect(found?.looks.map(({ number, verdict }) => [number, verdict])).toEqual([
      [1, "inconclusive"],
      [2, "successful"],
    ]);
    expect(found?.looks[1]?.numbers).toMatchObject({ treatment: { n: 400 }, control: { n: 400 }, coverage: 1 });
    expect(found?.events.map(({ by, what }) => `${by} ${what}`)).toEqual([
      "Ann started: 50 %, 100 %",
      "spillway policy 7: rollout #1: 50 %",
      "spillway policy 8: rollout #1: 100 %",
    ]);
  });

  it("counts the step's version only, and each look all of it", async () => {
    await start();
    await send({ inside: 400, outside: 400, policy: 6 });
    expect((await look()).numbers?.treatment.n).toBe(0);
    for (const n of [100, 200]) {
      await send({ inside: 50, insideFailed: 50, outside: 100, compared: 0 });
      later(30 * MINUTE);
      if (n === 100) expect((await look()).numbers?.treatment).toMatchObject({ n: 100, failures: 50 });
    }
  });

  it("is rolled back at the next look when the inside arm starts failing, also while it is paused", async () => {
    await start();
    await send({ inside: 200, outside: 200 });
    expect(await look()).toMatchObject({ state: "running" });
    expect(await root().changeRollout("pause", "Ann")).toMatchObject({ is: "changed", rollout: { state: "paused" } });
    await send({ insideFailed: 30, outside: 30 });
    expect(await look()).toMatchObject({ state: "failed", verdict: "failed", pending: null, policyVersion: 8 });
    expect(await storedPolicy()).toMatchObject({ version: 8, edge: { share: 0 } });
    expect((await writers()).at(-1)).toBe("8 spillway: rollout #1: rolled back");
  });

  it("holds without texts: nothing is shipped and nothing rolled back", async () => {
    await start();
    await send({ inside: 20, outside: 20 });
    for (let n = 0; n < 3; n++) expect(await look()).toMatchObject({ state: "running", verdict: "inconclusive" });
    const { missing } = await look();
    expect(missing[0]).toMatchObject({ texts: 280 });
    expect(await storedPolicy()).toMatchObject({ version: 7 });
  });

  it("is interrupted by another author's version, and leaves it as it is", async () => {
    await start();
    await env.POLICIES.put(POLICY_KEY, JSON.stringify({ version: 8, edge: { share: 33 } }));
    await send({ inside: 400, outside: 400, policy: 7 });
    expect(await look()).toMatchObject({ state: "interrupted", endedMs: later(0) });
    expect(await storedPolicy()).toMatchObject({ version: 8, edge: { share: 33 } });
    expect((await root().rollouts()).current).toBeNull();
  });

  it("is aborted by a person: the values of before it are a new version", async () => {
    await start();
    expect(await root().changeRollout("abort", "Ann")).toMatchObject({ rollout: { state: "aborted", pending: null } });
    expect(await storedPolicy()).toMatchObject({ version: 8, edge: { share: 0 } });
    expect(await root().changeRollout("abort", "Ann")).toMatchObject({ is: "conflict" });
  });

  it("starts one at a time, from a policy that parses", async () => {
    await start();
    const again = await root().startRollout(startSchema.parse(given));
    expect(again).toMatchObject({ is: "conflict", problem: expect.stringContaining("Rollout #1 is running") });
    await root().changeRollout("abort", "Ann");
    await env.POLICIES.put(POLICY_KEY, "{");
    expect(await root().startRollout(startSchema.parse({ ...given, again: true }))).toMatchObject({
      is: "conflict",
      problem: expect.stringContaining("The stored policy is rejected: not JSON"),
    });
  });

  it("is rolled back to the version in force with its residency rules while a rejected one is stored; a step waits", async () => {
    const residency = { unknown: "refuse" };
    await start({ policy: { residency } });
    await send({ inside: 200, outside: 200 });
    expect(await look()).toMatchObject({ state: "running" });
    const rejected = JSON.stringify({ version: 7, edge: { share: 700 } });
    await env.POLICIES.put(POLICY_KEY, rejected);
    await send({ inside: 200, outside: 200, policy: 7 });
    expect((await look()).pending?.lastProblem).toMatch(
      /^Policy version 7b is stored, and is rejected: edge\.share: 700 .* The step waits until it is replaced\.$/,
    );
    expect(await storedPolicy()).toMatchObject({ edge: { share: 700 } });
    await send({ insideFailed: 30, outside: 30, policy: 7 });
    expect(await look()).toMatchObject({ state: "failed", pending: null, policyVersion: 8 });
    expect(await storedPolicy()).toMatchObject({ version: 8, edge: { share: 0 }, latencyBudgetMs: 900, residency });
    expect((await root().policyHistory()).entries.map(({ text }) => text)).toContain(rejected);
  });
});

describe("the halves of the outside arm", () => {
  /** The object's hourly work. */
  const watched = async (ms = HOUR) => {
    later(ms);
    expect(await runDurableObjectAlarm(root())).toBe(true);
    return (await root().rollouts()).halves;
  };
  const store = (version: number) =>
    env.POLICIES.put(POLICY_KEY, JSON.stringify({ version, edge: { share: 10, stickyBy: "text" } }));

  it("are judged each hour for ever, without a rollout: one false alarm per run; crashes, versions and weeks end no watch", async () => {
    await store(6);
    await root().rollouts();
    expect(await watched()).toMatchObject({ policyVersion: 6, runs: 0, falseAlarms: 0, verdict: null });
    await send({ outside: 2000, policy: 6 });
    expect(await watched()).toMatchObject({ runs: 1, falseAlarms: 0, verdict: "inconclusive" });
    await send({ outside: 200, outsideFailed: 60, policy: 6 });
    const alarmed = { runs: 1, falseAlarms: 1, verdict: "failed" };
    expect(await watched()).toMatchObject({
      ...alarmed,
      reason: expect.stringMatching(/^60 of 1,160 texts of the first half failed .* 0 of 1,100 of the second half/),
    });
    await crash();
    await root().rollouts();
    await send({ outside: 200, outsideFailed: 60, policy: 6 });
    expect(await watched()).toMatchObject(alarmed);

    await store(7);
    expect(await watched()).toMatchObject({ policyVersion: 7, runs: 1, falseAlarms: 1, verdict: null });
    await send({ outside: 200, policy: 7 });
    expect(await watched()).toMatchObject({ runs: 2, falseAlarms: 1, verdict: "inconclusive" });
    expect(await watched(7 * DAY)).toMatchObject({ policyVersion: 7, runs: 2, verdict: null });
    await send({ outside: 200, policy: 7 });
    expect(await watched()).toMatchObject({ runs: 3, falseAlarms: 1, verdict: "inconclusive" });
  });
});

it("every look can be read, 500 at a time", async () => {
  const { id } = await start();
  await root().changeRollout("pause", "Ann");
  await runInDurableObject(root(), (_, { storage }) => {
    for (let number = 1; number <= 1200; number++)
      storage.sql.exec("INSERT INTO look VALUES (?, ?, ?)", id, number, JSON.stringify({ number }));
  });
  const numbersBefore = async (before: number | null) =>
    (await root().rollout(id, before))?.looks.map(({ number }) => number) ?? [];
  const [last, earlier, first] = [await numbersBefore(null), await numbersBefore(701), await numbersBefore(201)];
  expect([last[0], last.at(-1), earlier[0], earlier.at(-1)]).toEqual([701, 1200, 201, 700]);
  expect(first).toEqual(Array.from({ length: 200 }, (__, index) => index + 1));
});
