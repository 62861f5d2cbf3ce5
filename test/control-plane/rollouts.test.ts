/** Rollouts in the root object, in real workerd: looks by alarm, steps and rollbacks as versions of the policy. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { startSchema } from "../../control-plane/rollout-port.ts";
import { LAST_GOOD_KEY, POLICY_KEY } from "../../policies/store.ts";
import { MINUTE, root } from "./support/ledger.ts";
import { eachFromTen, given, later, look, send, start, storedPolicy, writers } from "./support/rollout.ts";

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
      problem: expect.stringContaining("does not parse"),
    });
  });
});
