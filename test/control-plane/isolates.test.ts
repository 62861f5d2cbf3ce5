/** The isolates that the root lists: what each reported last. */
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { counted, MINUTE, message, root, STATUS, setTime, shardOf, TEN } from "./support/ledger.ts";

beforeEach(() => setTime(TEN));
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

it("the state that an isolate reported arrives whole, with what it does with the policy's candidate", async () => {
  const rejected = { model: "mail-tagger@b1", state: "rejected", reason: "golden-logits" };
  for (const [isolate, candidate] of Object.entries({
    a: rejected,
    b: { ...rejected, state: "selected", reason: null },
    c: null,
  })) {
    await shardOf("weur").record(message({ isolate, status: { ...STATUS, candidate } }));
  }
  const listed = { ...STATUS, shard: "weur", seenMs: TEN };
  const { isolates } = (await counted()).answer;
  expect(isolates.toSorted((one, other) => one.isolate.localeCompare(other.isolate))).toEqual([
    { ...listed, isolate: "a", candidate: rejected },
    { ...listed, isolate: "b", candidate: { ...rejected, state: "selected", reason: null } },
    { ...listed, isolate: "c", candidate: null },
  ]);
});

it("rows in the form before candidates are left out, and the next batch is stored", async () => {
  await shardOf("weur").record(message());
  await counted();
  // The length of an isolate's id and its id were the first bytes.
  await runInDurableObject(root(), (_, { storage }) => storage.sql.exec("UPDATE shard SET isolates = x'0161'"));
  expect((await root().query({ fromMs: TEN, toMs: TEN + MINUTE })).isolates).toEqual([]);
  await shardOf("weur").record(message({ seq: 2, recordsBefore: 1 }));
  await runDurableObjectAlarm(shardOf("weur"));
  expect(await counted()).toMatchObject({ texts: 2, missing: 0, answer: { isolates: [{ isolate: "a" }] } });
});
