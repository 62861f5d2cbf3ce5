/** Rollouts through crashes of the root object and lost alarms, in real workerd. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { LAST_GOOD_KEY } from "../../policies/store.ts";
import { MINUTE, root, TEN } from "./support/ledger.ts";
import { crash, eachFromTen, later, look, send, start, storedPolicy, writers } from "./support/rollout.ts";

eachFromTen();

describe("a crash of the object", () => {
  it("loses no rollout: the next alarm continues it", async () => {
    await start();
    await crash();
    await send({ inside: 400, outside: 400 });
    expect(await look()).toMatchObject({ state: "succeeded", policyVersion: 8 });
  });

  it.each(["policy-history", "policy", "policy-last-good"])(
    "at the write of %s loses no rollback, and writes it once",
    async (key) => {
      await start();
      await send({ insideFailed: 30, outside: 30 });
      let isAlive = true;
      const writing = await onPut(async (written) => {
        isAlive &&= written !== key;
        if (!isAlive) throw new Error("the object ended");
      });
      expect(await look()).toMatchObject({ state: "failed", pending: { kind: "rollback" } });
      writing.mockRestore();
      await crash();
      expect(await look()).toMatchObject({ state: "failed", pending: null });
      expect(await storedPolicy()).toMatchObject({ version: 8, edge: { share: 0 } });
      expect(await writers()).toEqual([
        "6 null: null",
        "7 spillway: rollout #1: 50 %",
        "8 spillway: rollout #1: rolled back",
      ]);
    },
  );

  it("between the write and its row loses neither, and writes nothing twice", async () => {
    await start();
    await send({ inside: 400, outside: 400 });
    const writing = await onPut(async (key, { storage }) => {
      if (key !== LAST_GOOD_KEY) return;
      vi.spyOn(storage, "transactionSync").mockImplementation(() => {
        throw new Error("the object ended");
      });
    });
    expect(await look()).toMatchObject({ state: "running", pending: { kind: "step" } });
    expect(await storedPolicy()).toMatchObject({ version: 8 });
    writing.mockRestore();
    await crash();
    expect(await look()).toMatchObject({ state: "succeeded", policyVersion: 8 });
    expect(await writers()).toHaveLength(3);
  });
});

/** Runs `before` at each write of the object to KV. */
function onPut(before: (key: string, state: DurableObjectState) => Promise<void>) {
  return runInDurableObject(root(), (object, state) => {
    const { POLICIES }: { POLICIES: KVNamespace } = Reflect.get(object, "env");
    const put = POLICIES.put.bind(POLICIES);
    return vi.spyOn(POLICIES, "put").mockImplementation(async (key: string, value: unknown) => {
      await before(key, state);
      return put(key, String(value));
    });
  });
}

describe("the alarm", () => {
  const alarm = () => runInDurableObject(root(), (_, { storage }) => storage.getAlarm());

  it("comes when the next look is due, and each hour without a rollout", async () => {
    await start({ lookEveryMs: 30_000 });
    expect(await alarm()).toBe(TEN + 30_000);
    await root().changeRollout("abort", "Ann");
    later(30_000);
    await runDurableObjectAlarm(root());
    expect(await alarm()).toBe(TEN + 5 * MINUTE);
  });

  it("that was lost is set again by the next message, and by a new object", async () => {
    await start();
    await runInDurableObject(root(), (_, { storage }) => storage.deleteAlarm());
    later(3 * MINUTE);
    await root().rollouts();
    expect(await alarm()).not.toBeNull();
    await runInDurableObject(root(), (_, { storage }) => storage.deleteAlarm());
    await crash();
    await root().rollouts();
    expect(await alarm()).not.toBeNull();
  });
});
