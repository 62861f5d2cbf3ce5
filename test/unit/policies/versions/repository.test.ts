import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import { LAST_GOOD_KEY, POLICY_KEY } from "../../../../policies/store.ts";
import {
  HISTORY_KEY,
  InvalidPolicy,
  PolicyConflict,
  readPolicyState,
  recordOutsideEdits,
  savePolicy,
} from "../../../../policies/versions/repository.ts";
import { type FakeKv, fakeKv, putOutside } from "./fake-kv.ts";

const ANN = { author: "Ann", message: null };
const START = new Date("2026-11-24T10:00:00Z");
const later = (seconds: number) => new Date(START.getTime() + seconds * 1000);

async function set(kv: FakeKv, document: JsonObject, now = START) {
  return savePolicy(kv, await readPolicyState(kv, now), { document, ...ANN, now });
}

const share = (value: number): JsonObject => ({ edge: { share: value } });
const stored = (kv: FakeKv) => JSON.parse(kv.values.get(POLICY_KEY) ?? "null");
const names = async (kv: FakeKv, now = START) =>
  (await readPolicyState(kv, now)).history.entries.map(({ name }) => name);

describe("saving", () => {
  it("gives each document the next version, and keeps it with time, author and message", async () => {
    const kv = fakeKv();
    await set(kv, share(10));
    const more = { document: share(25), author: "Ben", message: "more", now: later(5) };
    const { entries } = await savePolicy(kv, await readPolicyState(kv, START), more);
    expect(stored(kv)).toEqual({ $schema: "policies/policy.schema.json", version: 2, edge: { share: 25 } });
    expect(entries.map(({ name, author, message, timeIso }) => [name, author, message, timeIso])).toEqual([
      ["1", "Ann", null, "2026-11-24T10:00:00.000Z"],
      ["2", "Ben", "more", "2026-11-24T10:00:05.000Z"],
    ]);
    expect(entries[1]?.text).toBe(kv.values.get(POLICY_KEY));
  });

  it("writes each key once: the history first, the last valid copy last", async () => {
    const kv = fakeKv();
    putOutside(kv, { version: 4 });
    await set(kv, share(10));
    expect(kv.writes).toEqual([HISTORY_KEY, POLICY_KEY, LAST_GOOD_KEY]);
    expect(kv.values.get(LAST_GOOD_KEY)).toBe(kv.values.get(POLICY_KEY));
    expect(await names(kv)).toEqual(["4", "5"]);
  });

  it("continues from the highest version so far, also after a lower one", async () => {
    const kv = fakeKv();
    putOutside(kv, { version: 40 });
    await recordOutsideEdits(kv, await readPolicyState(kv, START));
    putOutside(kv, { version: 3 });
    await set(kv, share(10));
    expect(stored(kv).version).toBe(41);
  });

  it("keeps the last 50 versions", async () => {
    const kv = fakeKv();
    for (let value = 0; value < 60; value++) await set(kv, share(value));
    const kept = await names(kv);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([50, "11", "60"]);
  });

  it("rejects a document that the gateway would reject, and writes nothing", async () => {
    const kv = fakeKv();
    await expect(set(kv, share(200))).rejects.toThrow(InvalidPolicy);
    await expect(
      set(kv, { origins: { a: { url: `https://x/${"y".repeat(70_000)}`, region: "us-east-1" } } }),
    ).rejects.toThrow(/the document has 70155 bytes; at most 65536 are allowed/);
    expect(kv.writes).toEqual([]);
  });

  it("reports the next step when no higher version exists", async () => {
    const kv = fakeKv();
    putOutside(kv, { version: Number.MAX_SAFE_INTEGER });
    await expect(set(kv, share(1))).rejects.toThrow(/there is no higher number\. Delete the keys/);
  });

  it("keeps the $schema of the document", async () => {
    const kv = fakeKv();
    await set(kv, { $schema: "../policy.schema.json" });
    expect(stored(kv).$schema).toBe("../policy.schema.json");
  });
});

describe("a version that was saved after the command began", () => {
  it("by another spillway command is not overwritten, and the error names it", async () => {
    const kv = fakeKv();
    const seen = await readPolicyState(kv, START);
    const ben = { document: share(10), author: "Ben", message: null, now: START };
    await savePolicy(kv, await readPolicyState(kv, START), ben);
    await expect(savePolicy(kv, seen, { document: share(25), ...ANN, now: START })).rejects.toThrow(
      "Conflict: Ben saved version 1 after you started. Nothing was saved. Run `spillway policy history` and retry.",
    );
    expect(stored(kv).edge.share).toBe(10);
  });

  it("by an edit outside the command is not overwritten", async () => {
    const kv = fakeKv();
    const seen = await readPolicyState(kv, START);
    putOutside(kv, { version: 1 });
    const saving = savePolicy(kv, seen, { document: share(25), ...ANN, now: START });
    await expect(saving).rejects.toThrow(/^Conflict: an edit outside the spillway command changed the policy after /);
    await expect(saving).rejects.toThrow(PolicyConflict);
    expect(stored(kv)).toEqual({ version: 1 });
    expect(kv.writes).toEqual([]);
  });

  it("and that KV may not return yet must be waited for", async () => {
    const kv = fakeKv(60);
    await set(kv, share(10));
    const before = kv.values.get(POLICY_KEY) ?? "";
    await set(kv, share(25), later(100));
    putOutside(kv, before);
    const seen = await readPolicyState(kv, later(112));
    expect(seen.unrecorded).toEqual([]);
    const saving = savePolicy(kv, seen, { document: share(30), ...ANN, now: later(112) });
    await expect(saving).rejects.toThrow(/^KV does not return version 2 yet, .* Nothing was saved\. Retry in 48 s\.$/);
    expect(await names(kv, later(161))).toEqual(["1", "2", "1b"]);
  });
});

describe("a policy that could not be written", () => {
  it("is not in the history, and what was there before it is", async () => {
    const kv = fakeKv();
    putOutside(kv, { version: 6, edge: { share: 6 } });
    kv.beforePut = (key) => {
      if (key === POLICY_KEY) throw new Error("wrangler could not write the KV key policy: no permission.");
    };
    await expect(set(kv, share(7))).rejects.toThrow(
      "wrangler could not write the KV key policy: no permission. Version 7 was not saved.",
    );
    expect(await names(kv)).toEqual(["6"]);
    kv.beforePut = () => {};
    await set(kv, share(8));
    expect(await names(kv)).toEqual(["6", "7"]);
    expect(stored(kv)).toMatchObject({ version: 7, edge: { share: 8 } });
  });
});

it("a policy whose copy could not be written is saved, and the error states that", async () => {
  const kv = fakeKv();
  kv.beforePut = (key) => {
    if (key === LAST_GOOD_KEY) throw new Error("wrangler did not write it within 60 s.");
  };
  await expect(set(kv, share(7))).rejects.toThrow(
    /^Version 1 was saved\. Its copy, .* was not: wrangler did not write it/,
  );
  expect(stored(kv)).toMatchObject({ version: 1, edge: { share: 7 } });
  expect(await names(kv)).toEqual(["1"]);
});

describe("a crash between the two writes", () => {
  it("keeps the old policy in force and both versions in the history", async () => {
    const kv = fakeKv();
    putOutside(kv, { version: 6, edge: { share: 6 } });
    let isDead = false;
    kv.beforePut = (key) => {
      isDead ||= key === POLICY_KEY;
      if (isDead) throw new Error("killed");
    };
    await expect(set(kv, share(7))).rejects.toThrow(
      /^killed Version 7 was not saved, but the history contains it: .* Save the policy again\.$/,
    );
    expect(stored(kv).version).toBe(6);
    const { history } = await readPolicyState(kv, START);
    expect(history.entries.map(({ name, author }) => [name, author])).toEqual([
      ["6", null],
      ["7", "Ann"],
      ["6b", null],
    ]);
  });
});

describe("an edit outside the spillway command", () => {
  it.each([
    ["of a higher version", { version: 9 }, "9"],
    ["with a lower version", { version: 0, override: "edge" }, "0"],
    ["with the same version", { version: 1, override: "edge" }, "1b"],
    ["without a version", { override: "edge" }, "0"],
    ["that is not JSON", "{", "broken-1"],
    ["whose version is not a number", { version: "7" }, "broken-1"],
    ["of the wrong shape", { version: 9, edge: { share: 700 } }, "9"],
  ])("%s is found once, and kept with its text", async (_, document, name) => {
    const kv = fakeKv();
    await set(kv, share(10));
    putOutside(kv, document);
    const seen = await readPolicyState(kv, later(9));
    expect(seen.unrecorded).toEqual([expect.objectContaining({ name, author: null, text: kv.values.get(POLICY_KEY) })]);
    await recordOutsideEdits(kv, seen);
    expect((await readPolicyState(kv, later(10))).unrecorded).toEqual([]);
  });

  it("that deletes the key is found, and the next version is higher", async () => {
    const kv = fakeKv();
    await set(kv, share(10));
    kv.values.delete(POLICY_KEY);
    expect((await readPolicyState(kv, START)).unrecorded).toEqual([
      expect.objectContaining({ author: null, text: null, version: 0 }),
    ]);
    await set(kv, share(11));
    expect(stored(kv).version).toBe(2);
  });

  it("that is too large for the history is found too", async () => {
    const kv = fakeKv();
    putOutside(kv, `{"version": 3}${" ".repeat(70_000)}`);
    await recordOutsideEdits(kv, await readPolicyState(kv, START));
    const { history, unrecorded } = await readPolicyState(kv, START);
    expect([history.entries[0]?.text, history.entries[0]?.version, unrecorded]).toEqual([null, 3, []]);
  });

  it("of the history itself is an error with the next step", async () => {
    const kv = fakeKv();
    kv.values.set(HISTORY_KEY, "{}");
    await expect(readPolicyState(kv, START)).rejects.toThrow(/wrangler kv key delete policy-history/);
  });

  it("is not found in an empty namespace: nothing is written", async () => {
    const kv = fakeKv();
    await recordOutsideEdits(kv, await readPolicyState(kv, START));
    expect(kv.writes).toEqual([]);
  });
});
