/** A shard of the ledger in real workerd, with its SQLite and its alarm: nothing that arrived is lost, what did not is counted. */
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "../../control-plane/index.ts";
import { encodeMinutes, Minutes } from "../../control-plane/minutes.ts";
import { Cells } from "../../formats/ledger/cells.ts";
import { seriesOf } from "../../formats/ledger/series.ts";
import { counted, HOUR, MINUTE, message, root, setTime, shardOf, TEN, texts } from "./support/ledger.ts";

const shard = () => shardOf("weur");

beforeEach(() => setTime(TEN));
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

/** The root with another `receive`, which gets the real one. Objects have methods of their class only. */
function replaceReceive(receive: (real: Ledger["receive"]) => Ledger["receive"]): void {
  const real = Ledger.prototype.receive;
  vi.spyOn(Ledger.prototype, "receive").mockImplementation(function (this: Ledger, batch) {
    return receive(real.bind(this))(batch);
  });
}

const down = () => Promise.reject(new Error("down"));
const batches = () =>
  runInDurableObject(shard(), (_, { storage }) => storage.sql.exec("SELECT number FROM outbox").toArray().length);

const pendingRow = () =>
  runInDurableObject(shard(), (_, { storage }) => storage.sql.exec("SELECT * FROM pending").toArray());

/** Why the shard refuses a message. */
async function refusalOf(value: unknown): Promise<string> {
  try {
    return JSON.stringify(await shard().record(value));
  } catch (error) {
    return String(error);
  }
}

describe("sequences", () => {
  it("a lost message's records are missing", async () => {
    await shard().record(message({ cells: texts([10, 20]) }));
    await shard().record(message({ seq: 3, recordsBefore: 7 }));
    await shard().record(message({ seq: 4, recordsBefore: 8 }));
    expect(await counted()).toMatchObject({ texts: 4, missing: 5 });
  });

  it("records before an isolate's first message that arrives are missing", async () => {
    await shard().record(message({ seq: 5, recordsBefore: 40 }));
    expect(await counted()).toMatchObject({ texts: 1, missing: 40 });
  });

  it("a late message fills its hole, also after the hole was sent to the root", async () => {
    await shard().record(message());
    await shard().record(message({ seq: 3, recordsBefore: 3 }));
    expect(await counted()).toMatchObject({ texts: 2, missing: 2 });
    setTime(TEN + 3 * MINUTE);
    await shard().record(message({ seq: 2, recordsBefore: 1, cells: texts([5, 6]) }));
    expect(await counted()).toMatchObject({ texts: 4, missing: 0 });
  });

  it("a repeated message is counted once, a late one too", async () => {
    await shard().record(message());
    await shard().record(message());
    await shard().record(message({ seq: 3, recordsBefore: 2 }));
    await shard().record(message({ seq: 2, recordsBefore: 1 }));
    await shard().record(message({ seq: 2, recordsBefore: 1 }));
    expect(await counted()).toMatchObject({ texts: 3, missing: 0 });
  });

  it("of more holes than are remembered, the oldest stay missing when they arrive", async () => {
    await shard().record(message({ seq: 31, recordsBefore: 30 }));
    for (const seq of [1, 30]) await shard().record(message({ seq, recordsBefore: seq - 1 }));
    expect(await counted()).toMatchObject({ texts: 2, missing: 29 });
  });

  it("an isolate that was silent for ten minutes is listed no more, and its sequence continues", async () => {
    await shard().record(message({ cells: texts([10, 20]) }));
    expect((await counted()).answer.isolates).toHaveLength(1);
    setTime(TEN + 11 * MINUTE);
    await shard().record(message({ isolate: "b" }));
    await runDurableObjectAlarm(shard());
    expect((await counted()).answer.isolates.map(({ isolate }) => isolate)).toEqual(["b"]);
    await shard().record(message({ seq: 2, recordsBefore: 2 }));
    await shard().record(message({ seq: 1 }));
    expect(await counted()).toMatchObject({ texts: 4, missing: 0 });
  });
});

it("a wrong message is refused, and changes nothing", async () => {
  await shard().record(message());
  const before = await pendingRow();
  const cells = new Cells();
  cells.count(seriesOf("usage", { because: "kv-reads" }), 1, 2 ** 41);
  const wrong: unknown[] = [
    null,
    {},
    "text",
    { ...message(), seq: -1 },
    { ...message(), seq: 0 },
    { ...message(), seq: 2 ** 41 },
    { ...message({ seq: 2 }), cells: new Uint8Array([1, 2, 3]) },
    { ...message({ seq: 2 }), isolate: "a text that is far too long".repeat(20) },
    message({ seq: 2, cells }),
  ];
  for (const one of wrong) expect(await refusalOf(one)).toMatch(/not a ledger message/);
  expect(await pendingRow()).toEqual(before);
});

describe("a shard that leaves memory", () => {
  it("has its pending counts, sequences and batches afterwards", async () => {
    replaceReceive(() => down);
    await shard().record(message());
    await runDurableObjectAlarm(shard());
    setTime(TEN + MINUTE);
    await shard().record(message({ seq: 3, recordsBefore: 2 }));
    await evictDurableObject(shard());
    await shard().record(message({ seq: 3, recordsBefore: 2 }));
    await shard().record(message({ seq: 2, recordsBefore: 1 }));
    vi.restoreAllMocks();
    expect(await counted()).toMatchObject({ texts: 3, missing: 0 });
  });

  it("counts again when its state cannot be read, and sends the batches that it has", async () => {
    replaceReceive(() => down);
    await shard().record(message());
    await runDurableObjectAlarm(shard());
    vi.spyOn(console, "error").mockImplementation(() => {});
    await runInDurableObject(shard(), (_, { storage }) => {
      storage.sql.exec("UPDATE pending SET body = x'ff'");
    });
    await evictDurableObject(shard());
    vi.restoreAllMocks();
    await shard().record(message({ isolate: "b", cells: texts([1, 2]) }));
    expect(await counted()).toMatchObject({ texts: 3, missing: 0 });
  });
});

describe("the root", () => {
  it("gets nothing before the alarm, and all with it", async () => {
    await shard().record(message());
    const series = () =>
      runInDurableObject(root(), (_, { storage }) => storage.sql.exec("SELECT * FROM cell").toArray().length);
    expect(await series()).toBe(0);
    expect(await runDurableObjectAlarm(shard())).toBe(true);
    expect(await series()).toBeGreaterThan(0);
    expect(await batches()).toBe(0);
  });

  it("is down: messages are accepted, batches wait, and nothing is lost", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    replaceReceive(() => down);
    for (let seq = 1; seq <= 5; seq++) {
      setTime(TEN + seq * MINUTE);
      await shard().record(message({ seq, recordsBefore: seq - 1 }));
      expect(await runDurableObjectAlarm(shard())).toBe(true);
    }
    expect(await batches()).toBe(5);
    vi.restoreAllMocks();
    expect(await runDurableObjectAlarm(shard())).toBe(true);
    expect(await batches()).toBe(0);
    expect(await counted()).toMatchObject({ texts: 5, missing: 0 });
  });

  it("is slow: the alarm ends, the batch waits, and is counted once", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    replaceReceive((real) => async (batch) => {
      await real(batch);
      await new Promise(() => {});
    });
    vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    await shard().record(message());
    await runDurableObjectAlarm(shard());
    expect(await batches()).toBe(1);
    vi.restoreAllMocks();
    expect(await counted()).toMatchObject({ texts: 1 });
    expect(await batches()).toBe(0);
  });

  it("stores a batch and its confirmation is lost: the batch is counted once", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    replaceReceive((real) => async (batch) => {
      await real(batch);
      throw new Error("connection lost");
    });
    await shard().record(message());
    for (let times = 0; times < 3; times++) await runDurableObjectAlarm(shard());
    vi.restoreAllMocks();
    expect(await counted()).toMatchObject({ texts: 1 });
  });

  it("is down for longer than batches are kept apart: later ones merge by the hour, and nothing is lost", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    replaceReceive(() => down);
    const waiting = 119;
    await runInDurableObject(shard(), (_, { storage }) => {
      for (let number = 1; number <= waiting; number++) {
        const minutes = new Minutes();
        minutes.at(TEN - 2 * HOUR + number * MINUTE).merge(texts([10]));
        storage.sql.exec("INSERT INTO outbox VALUES (?, 'earlier', ?)", number, encodeMinutes(minutes).buffer);
      }
    });
    await evictDurableObject(shard());
    for (let seq = 1; seq <= 4; seq++) {
      setTime(TEN + seq * 20 * MINUTE);
      await shard().record(message({ seq, recordsBefore: seq - 1 }));
      await runDurableObjectAlarm(shard());
      expect(await batches()).toBe(120);
    }
    vi.restoreAllMocks();
    expect(await counted()).toMatchObject({ texts: waiting + 4, missing: 0 });
    expect(await batches()).toBe(0);
    // The four last ones are of two hours, which are still apart.
    expect((await counted({ fromMs: TEN, toMs: TEN + HOUR })).texts).toBe(2);
    expect((await counted({ fromMs: TEN + HOUR, toMs: TEN + 2 * HOUR })).texts).toBe(2);
  });
});

it("the alarm runs at once for a shard that the root does not know, then after each minute, and not while nothing is pending", async () => {
  const alarm = () => runInDurableObject(shard(), (_, { storage }) => storage.getAlarm());
  await shard().record(message());
  expect(await alarm()).toBe(TEN);
  await runDurableObjectAlarm(shard());
  expect(await alarm()).toBeNull();
  setTime(TEN + HOUR + 5000);
  await shard().record(message({ seq: 2, recordsBefore: 1 }));
  expect(await alarm()).toBe(TEN + HOUR + MINUTE + 1000);
});

it("each message writes one row, and the shard counts what it is billed for", async () => {
  for (let seq = 1; seq <= 3; seq++) await shard().record(message({ seq, recordsBefore: seq - 1 }));
  await runDurableObjectAlarm(shard());
  const stored = await runInDurableObject(root(), (_, { storage }) =>
    storage.sql
      .exec("SELECT s.because, c.sum FROM cell c JOIN series s ON s.id = c.series WHERE s.kind = 'usage'")
      .toArray(),
  );
  const own = Object.fromEntries(stored.map(({ because, sum }) => [because, sum]));
  // Three messages, the root's call. Three writes, an alarm. At the root 3 series with an index row each, 3 cells, 3 marks, alarm, shard.
  expect(own).toEqual({ "ledger-requests": 4, "ledger-rows": 4 + 6 + 3 + 3 + 1 + 1 });
});

it("isolates send every 5 s, and slower when the shard has many", async () => {
  expect(await shard().record(message())).toEqual({ nextAfterMs: 5000 });
  for (let isolate = 1; isolate < 40; isolate++) await shard().record(message({ isolate: `isolate-${isolate}` }));
  expect(await shard().record(message({ isolate: "last" }))).toEqual({ nextAfterMs: 10_250 });
});
