/** What isolates reported last: their state, and the keys that were used. */
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "../../control-plane/index.ts";
import { counted, DAY, HOUR, MINUTE, message, root, STATUS, setTime, shardOf, TEN, totalOf } from "./support/ledger.ts";

beforeEach(() => setTime(TEN));
afterEach(async () => {
  vi.restoreAllMocks();
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

describe("the last use of a key", () => {
  const [ANN, BEN] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
  const shard = () => shardOf("weur");

  it("is the hour in which it arrived at a shard; the latest of all shards counts", async () => {
    expect(await root().keyUses()).toEqual({ sinceMs: null, keys: [] });
    setTime(TEN + 5 * MINUTE);
    await shard().record(message({ keysUsed: [ANN, BEN] }));
    const sinceMs = TEN + HOUR + 59 * MINUTE;
    setTime(sinceMs);
    await shardOf("apac").record(message({ isolate: "b", keysUsed: [ANN] }));
    // The earlier hour arrives after the later one.
    for (const one of [shardOf("apac"), shard()]) await runDurableObjectAlarm(one);
    const keys = [
      { id: ANN, hourMs: TEN + HOUR },
      { id: BEN, hourMs: TEN },
    ];
    expect(await root().keyUses()).toEqual({ sinceMs, keys });
  });

  it("costs no write per request: within the hour, a message with it writes the same rows as one without", async () => {
    const rows = [0];
    for (const [index, keysUsed] of [[ANN], [ANN], [ANN], []].entries()) {
      await shard().record(message({ seq: index + 1, recordsBefore: index, keysUsed }));
      rows.push(totalOf((await counted()).cells, "usage", "ledger-rows").sum);
    }
    const [, , second = 0, third = 0, last = 0] = rows;
    expect(third - second).toBe(last - third);
  });

  it("is not lost when the root is down and the shard leaves memory", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(Ledger.prototype, "receive").mockRejectedValue(new Error("down"));
    await shard().record(message({ keysUsed: [ANN] }));
    await runDurableObjectAlarm(shard());
    await evictDurableObject(shard());
    vi.restoreAllMocks();
    setTime(TEN + HOUR);
    await runDurableObjectAlarm(shard());
    expect((await root().keyUses()).keys).toEqual([{ id: ANN, hourMs: TEN }]);
  });

  it("is not sent by gateways of before, and not in their shards' state: both are read as they were", async () => {
    const { keysUsed: _, ...before } = message();
    await shard().record(before);
    await runInDurableObject(shard(), (_, { storage }) => {
      // A state without uses ends with their number, which is 0.
      storage.sql.exec("UPDATE pending SET body = substr(body, 1, length(body) - 1)");
    });
    await evictDurableObject(shard());
    await shard().record(message({ seq: 2, recordsBefore: 1, keysUsed: [ANN] }));
    expect(await counted()).toMatchObject({ texts: 2, missing: 0 });
    expect((await root().keyUses()).keys).toMatchObject([{ id: ANN }]);
  });

  it("is the id of a key and nothing else: any other value is refused and not repeated", async () => {
    const secret = `spw_${ANN}_${"s".repeat(43)}`;
    for (const keysUsed of [[secret], [ANN.toUpperCase()], [7], secret, Array(1001).fill(ANN)]) {
      const refused = await shard()
        .record({ ...message(), keysUsed })
        .then(String, String);
      expect(refused).toMatch(/not a ledger message: `keysUsed`/);
      expect(refused).not.toContain("sss");
    }
    expect(await root().keyUses()).toEqual({ sinceMs: null, keys: [] });
  });

  it("is kept for 400 days and for 10,000 keys; what is removed is not shown as unused", async () => {
    await shard().record(message({ keysUsed: [ANN] }));
    await counted();
    await runInDurableObject(root(), (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         INSERT INTO key_use SELECT 'key-' || i, ? FROM n`,
        TEN + HOUR,
      );
    });
    setTime(TEN + 2 * HOUR);
    await runDurableObjectAlarm(root());
    const { sinceMs, keys } = await root().keyUses();
    expect([sinceMs, keys.length, keys.some(({ id }) => id === ANN)]).toEqual([TEN + HOUR, 10_000, false]);
    setTime(TEN + 402 * DAY);
    await runDurableObjectAlarm(root());
    expect(await root().keyUses()).toEqual({ sinceMs: TEN + 2 * HOUR, keys: [] });
  });
});
