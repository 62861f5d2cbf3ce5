/** The policy as the control plane reads and saves it, in real workerd and KV: with the spillway command, a slow KV and crashes beside it. */
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CountedSql } from "../../control-plane/counted-sql.ts";
import type { PolicyEdit } from "../../control-plane/policy/present-policy.ts";
import { PolicyRepository } from "../../control-plane/policy/repository.ts";
import type { JsonObject } from "../../formats/json.ts";
import { LAST_GOOD_KEY, POLICY_KEY } from "../../policies/store.ts";
import { HISTORY_KEY, type PolicyKv, readPolicyState, savePolicy } from "../../policies/versions/repository.ts";
import { root, setTime, TEN } from "./support/ledger.ts";

beforeEach(() => setTime(TEN));
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

const share = (percent: number): JsonObject => ({ edge: { share: percent } });
const edit = (percent: number, expected: string, more: Partial<PolicyEdit> = {}): PolicyEdit => ({
  document: share(percent),
  expected,
  author: "Ann",
  message: null,
  key: crypto.randomUUID(),
  ...more,
});

/** What the spillway command uses. */
const command: PolicyKv = {
  get: (key) => env.POLICIES.get(key),
  put: (key, text) => env.POLICIES.put(key, text),
  settleSeconds: 0,
};
const stateForCommand = () => readPolicyState(command, new Date());
const saveByCommand = async (percent: number) =>
  savePolicy(command, await stateForCommand(), {
    document: share(percent),
    author: "Bob",
    message: null,
    now: new Date(),
  });

/** Name, author, message and share of each version in the history. */
async function versions() {
  const { history } = await stateForCommand();
  return history.entries.map(({ name, author, message, text }) => {
    const { edge }: { edge?: { share: number } } = JSON.parse(text ?? "{}");
    return [name, author, message, edge?.share ?? null];
  });
}

/** A repository in the root object's storage, over this KV: each is what the object has after a restart. */
function onRoot<T>(namespace: KVNamespace, work: (repository: PolicyRepository) => Promise<T>): Promise<T> {
  return runInDurableObject(root(), (_, { storage }) =>
    work(new PolicyRepository(namespace, new CountedSql(storage.sql))),
  );
}

/** KV with other methods. */
const kvWith = (methods: Partial<Record<"get" | "put", (key: string, text: string) => unknown>>) =>
  new Proxy(env.POLICIES, {
    get: (target, name) => {
      const method = name === "get" || name === "put" ? methods[name] : undefined;
      return method ?? Reflect.get(target, name).bind(target);
    },
  });

/** Writes fail from the n-th on, as when the object is ended there. */
function endingAtWrite(n: number): KVNamespace {
  let writes = 0;
  return kvWith({
    put: (key, text) => (++writes < n ? env.POLICIES.put(key, text) : Promise.reject(new Error("ended"))),
  });
}

describe("a save", () => {
  it("is a version of the history that the spillway command reads, and the command's is one for the next save", async () => {
    expect(await root().savePolicy(edit(10, "0", { message: "start" }))).toMatchObject({ is: "saved" });
    await saveByCommand(20);
    expect(await root().savePolicy(edit(30, "2"))).toMatchObject({
      is: "saved",
      present: { name: "3", author: "Ann" },
    });
    expect(await versions()).toEqual([
      ["1", "Ann", "start", 10],
      ["2", "Bob", null, 20],
      ["3", "Ann", null, 30],
    ]);
    expect(await env.POLICIES.get(LAST_GOOD_KEY)).toBe(await env.POLICIES.get(POLICY_KEY));
  });

  it("from an older version is a conflict that names the other author and version, and changes nothing", async () => {
    await root().savePolicy(edit(10, "0"));
    await saveByCommand(20);
    expect(await root().savePolicy(edit(30, "1"))).toMatchObject({
      is: "conflict",
      problem: expect.stringContaining("Bob saved version 2 since"),
      present: { name: "2", author: "Bob" },
    });
    expect((await versions()).length).toBe(2);
  });

  it("from a version that plain wrangler has replaced is a conflict, also under the same number", async () => {
    await root().savePolicy(edit(10, "0"));
    await env.POLICIES.put(POLICY_KEY, JSON.stringify({ version: 1, ...share(77) }));
    expect(await root().policy()).toMatchObject({ name: "1b", version: 1, author: null, problems: [] });
    expect(await root().savePolicy(edit(30, "1"))).toMatchObject({ is: "conflict", present: { name: "1b" } });
    expect(await root().savePolicy(edit(30, "1b"))).toMatchObject({ is: "saved" });
    expect(await versions()).toEqual([
      ["1", "Ann", null, 10],
      ["1b", null, null, 77],
      ["2", "Ann", null, 30],
    ]);
  });

  it("of a document that the gateway would not accept reports each place, and writes nothing", async () => {
    const result = await root().savePolicy(edit(700, "0"));
    expect(result).toMatchObject({
      is: "invalid",
      problems: [expect.stringMatching(/^edge\.share: 700 is not allowed/)],
    });
    expect((await env.POLICIES.list()).keys).toEqual([]);
  });

  it("waits for the one before it: of two from one version, one is saved", async () => {
    const results = await Promise.all([root().savePolicy(edit(10, "0")), root().savePolicy(edit(20, "0"))]);
    expect(results.map(({ is }) => is)).toEqual(["saved", "conflict"]);
    expect(await versions()).toEqual([["1", "Ann", null, 10]]);
  });

  it("of an earlier version is a new version", async () => {
    await root().savePolicy(edit(10, "0"));
    await root().savePolicy(edit(20, "1"));
    const rollback = { to: "1", expected: "2", key: "k", author: "Ann", message: null };
    expect(await root().rollBackPolicy(rollback)).toMatchObject({ is: "saved", present: { name: "3" } });
    expect((await versions()).at(-1)).toEqual(["3", "Ann", "rollback to 1", 10]);
    expect(await root().rollBackPolicy({ ...rollback, to: "9", expected: "3", key: "l" })).toMatchObject({
      is: "refused",
      problem: expect.stringContaining('There is no version "9"'),
    });
  });
});

describe("readers", () => {
  it("at the same time read KV once; a reader behind a save sees what was saved", async () => {
    let reads = 0;
    const counting = kvWith({
      get: (key) => {
        reads += 1;
        return env.POLICIES.get(key);
      },
    });
    await onRoot(counting, async (repository) => {
      await Promise.all([repository.present(), repository.history()]);
      expect(reads).toBe(2);
      const [before, , after] = await Promise.all([
        repository.present(),
        repository.save(edit(10, "0")),
        repository.history(),
      ]);
      expect([before.name, after.entries.length]).toEqual(["0", 1]);
    });
  });
});

describe("a crash", () => {
  it.each([1, 2, 3])("before write %i of a save is repaired after the restart, with one version", async (n) => {
    await root().savePolicy(edit(10, "0"));
    vi.spyOn(console, "error").mockImplementation(() => {});
    const given = edit(20, "1", { key: "rollout 1" });
    expect(await onRoot(endingAtWrite(n), (repository) => repository.save(given))).toMatchObject({ is: "unconfirmed" });
    setTime(TEN + 3_600_000);
    await onRoot(env.POLICIES, async (repository) => {
      expect(repository.isUnconfirmed).toBe(true);
      expect(await repository.present()).toMatchObject({ name: "2", problems: [] });
      // The object does not know whether it has asked before.
      expect(await repository.save(given)).toMatchObject({ is: "saved", present: { name: "2" } });
      expect(repository.isUnconfirmed).toBe(false);
    });
    expect(await versions()).toEqual([
      ["1", "Ann", null, 10],
      ["2", "Ann", null, 20],
    ]);
    for (const key of [POLICY_KEY, LAST_GOOD_KEY])
      expect(JSON.parse((await env.POLICIES.get(key)) ?? "")).toMatchObject({ version: 2, ...share(20) });
  });

  it("gives way to an edit by another author meanwhile", async () => {
    await root().savePolicy(edit(10, "0"));
    vi.spyOn(console, "error").mockImplementation(() => {});
    await onRoot(endingAtWrite(1), (repository) => repository.save(edit(20, "1")));
    await saveByCommand(50);
    await onRoot(env.POLICIES, async (repository) => {
      expect(await repository.present()).toMatchObject({ name: "2", author: "Bob" });
      expect(repository.isUnconfirmed).toBe(false);
    });
    expect((await versions()).map(([, author]) => author)).toEqual(["Ann", "Bob"]);
  });
});

describe("a KV that returns older values for a while", () => {
  it("does not make the object forget what it wrote; after 90 s KV is right", async () => {
    await root().savePolicy(edit(10, "0"));
    const old: Record<string, string | null> = {
      [POLICY_KEY]: await command.get(POLICY_KEY),
      [HISTORY_KEY]: await command.get(HISTORY_KEY),
    };
    const late = kvWith({ get: (key) => Promise.resolve(old[key] ?? null) });
    await onRoot(late, async (repository) => {
      expect(await repository.save(edit(20, "1"))).toMatchObject({ is: "saved", present: { name: "2" } });
      expect(await repository.present()).toMatchObject({ name: "2", author: "Ann" });
      expect(await repository.save(edit(30, "2"))).toMatchObject({ is: "saved", present: { name: "3" } });
      setTime(TEN + 91_000);
      expect(await repository.present()).toMatchObject({ name: "1" });
    });
    expect((await versions()).map(([name]) => name)).toEqual(["1", "2", "3"]);
  });

  it("does not lose another author's entry: an edit without one is recorded once it has lasted", async () => {
    await root().savePolicy(edit(10, "0"));
    await env.POLICIES.put(POLICY_KEY, JSON.stringify({ version: 2, ...share(20) }));
    const recorded = async () => JSON.parse((await command.get(HISTORY_KEY)) ?? "").entries.length;
    await onRoot(env.POLICIES, async (repository) => {
      const firstSeen = { name: "2", author: null, timeIso: new Date(TEN + 1000).toISOString() };
      setTime(TEN + 1000);
      expect(await repository.present()).toMatchObject(firstSeen);
      expect(await recorded()).toBe(1);
      setTime(TEN + 100_000);
      expect(await repository.present()).toMatchObject(firstSeen);
      expect(await recorded()).toBe(2);
    });
  });

  it("and accepts one write per second: a refused one is repeated", async () => {
    let refused = 0;
    const busy = kvWith({
      put: (key, text) =>
        refused++ === 0
          ? Promise.reject(new Error("KV PUT failed: 429 Too Many Requests"))
          : env.POLICIES.put(key, text),
    });
    expect(await onRoot(busy, (repository) => repository.save(edit(10, "0")))).toMatchObject({ is: "saved" });
  });
});
