/** The root of the ledger in real workerd: minutes, hours and days, what is added late, bounds, and what is removed. */
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LedgerShard } from "../../control-plane/index.ts";
import { encodeMinutes, Minutes } from "../../control-plane/minutes.ts";
import { Cells, MAX_SERIES } from "../../formats/ledger/cells.ts";
import { seriesOf } from "../../formats/ledger/series.ts";
import {
  cellsIn,
  counted,
  DAY,
  HOUR,
  MINUTE,
  message,
  root,
  setTime,
  shardOf,
  TEN,
  texts,
  totalOf,
} from "./support/ledger.ts";

beforeEach(() => setTime(TEN));
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

let number = 0;

/** Sends a batch as a shard would. */
async function receive(startMs: number, cells: Cells): Promise<void> {
  const minutes = new Minutes();
  minutes.at(startMs).merge(cells);
  number += 1;
  const from = { shard: "weur", shardId: shardOf("afr").id.toString(), storage: "test", isolates: [] };
  await root().receive({ ...from, number, minutes: encodeMinutes(minutes) });
}

/** How many periods of each width the root has counts of, countries aside. */
async function periods(): Promise<Record<string, number>> {
  const rows = await runInDurableObject(root(), (_, { storage }) =>
    storage.sql
      .exec(
        `SELECT width, COUNT(DISTINCT start) AS n FROM cell c JOIN series s ON s.id = c.series
         WHERE s.kind = 'text' GROUP BY width`,
      )
      .toArray(),
  );
  return Object.fromEntries(rows.map(({ width, n }) => [String(width), Number(n)]));
}

async function query(fromMs: number, toMs: number) {
  const answer = await root().query({ fromMs, toMs });
  const cells = cellsIn(answer.cells);
  return { answer, texts: totalOf(cells, "text").n, countries: totalOf(cells, "country").n };
}

async function tidyAt(ms: number): Promise<void> {
  setTime(ms);
  expect(await runDurableObjectAlarm(root())).toBe(true);
}

describe("minutes, hours and days", () => {
  it("finished hours and days are added up; a range over all of them counts each text once", async () => {
    for (let hour = 0; hour < 40; hour++) {
      setTime(TEN + hour * HOUR);
      await receive(TEN + hour * HOUR, texts([1]));
      await receive(TEN + hour * HOUR + 59 * MINUTE, texts([2]));
    }
    await tidyAt(TEN + 40 * HOUR + 6 * MINUTE);
    expect(await periods()).toEqual({ 60: 80, 3600: 40, 86400: 2 });
    const day = TEN - 10 * HOUR;
    setTime(TEN + 40 * HOUR + 10 * MINUTE);
    await receive(TEN + 40 * HOUR, texts([3]));
    expect((await query(day, TEN + 41 * HOUR)).texts).toBe(81);
    expect((await query(day, day + DAY)).texts).toBe(28);
    expect((await query(TEN, TEN + 30 * MINUTE)).texts).toBe(1);
    expect((await query(TEN + 59 * MINUTE, TEN + 61 * MINUTE)).texts).toBe(2);
    expect((await query(TEN + HOUR, TEN + 3 * HOUR)).texts).toBe(4);
    const { answer } = await query(day, day + 3 * DAY);
    expect(answer.days.map(({ startMs, cells }) => [startMs, totalOf(cellsIn(cells), "text").n])).toEqual([
      [day, 28],
      [day + DAY, 48],
      [day + 2 * DAY, 5],
    ]);
  });

  it("a late batch is added to the minute, the hour and the day that are rolled up already", async () => {
    await receive(TEN, texts([1]));
    await tidyAt(TEN + DAY + 6 * MINUTE);
    const day = TEN - 10 * HOUR;
    for (const late of [TEN, TEN + 2 * HOUR, TEN - 20 * HOUR]) await receive(late, texts([2, 3]));
    expect((await query(day, day + DAY)).texts).toBe(5);
    expect((await query(day, TEN + DAY)).texts).toBe(5);
    expect((await query(TEN, TEN + HOUR)).texts).toBe(3);
    expect((await query(TEN, TEN + MINUTE)).texts).toBe(3);
    expect((await query(TEN + 2 * HOUR, TEN + 3 * HOUR)).texts).toBe(2);
    expect((await query(day - DAY, day)).texts).toBe(2);
    await tidyAt(TEN + 2 * DAY + 6 * MINUTE);
    expect((await query(day - DAY, day + 2 * DAY)).texts).toBe(7);
  });

  it("countries are counted by hour and day only", async () => {
    const cells = texts([1, 2]);
    for (const ms of [1, 2]) cells.observe(seriesOf("country", { arm: "inside", country: "DE" }), ms);
    await receive(TEN + 5 * MINUTE, cells);
    const stored = () =>
      runInDurableObject(root(), (_, { storage }) =>
        storage.sql
          .exec("SELECT width, n FROM cell c JOIN series s ON s.id = c.series WHERE s.kind = 'country' ORDER BY width")
          .toArray(),
      );
    expect(await stored()).toEqual([{ width: 3600, n: 2 }]);
    expect(await query(TEN, TEN + HOUR)).toMatchObject({ texts: 2, countries: 2 });
    expect(await query(TEN + MINUTE, TEN + HOUR)).toMatchObject({ texts: 2, countries: 0 });
    await tidyAt(TEN + 2 * DAY);
    expect(await stored()).toEqual([
      { width: 3600, n: 2 },
      { width: 86_400, n: 2 },
    ]);
    expect(await query(TEN - 10 * HOUR, TEN + 14 * HOUR)).toMatchObject({ texts: 2, countries: 2 });
  });

  it("minutes are kept for 48 hours, hours for 35 days, days for 400, and a range begins where counts are separate", async () => {
    await receive(TEN + 5 * MINUTE, texts([1]));
    await tidyAt(TEN + 50 * HOUR);
    expect(await periods()).toEqual({ 3600: 1, 86400: 1 });
    const minute = { fromMs: TEN + 5 * MINUTE, toMs: TEN + 6 * MINUTE };
    expect((await root().query(minute)).fromMs).toBe(TEN);
    expect(await counted(minute)).toMatchObject({ texts: 1, answer: { toMs: TEN + HOUR } });
    await tidyAt(TEN + 37 * DAY);
    expect(await periods()).toEqual({ 86400: 1 });
    expect(await counted(minute)).toMatchObject({
      texts: 1,
      answer: { fromMs: TEN - 10 * HOUR, toMs: TEN + 14 * HOUR },
    });
    await tidyAt(TEN + 402 * DAY);
    expect(await periods()).toEqual({});
  });

  it("an idle ledger is rolled up and emptied without a message", async () => {
    await receive(TEN, texts([1]));
    for (let days = 1; days < 4; days++) await tidyAt(TEN + days * DAY);
    expect(await periods()).toEqual({ 3600: 1, 86400: 1 });
  });
});

describe("bounds", () => {
  /** Texts of as many series, one each. */
  function many(series: number, from = 0): Cells {
    const cells = new Cells();
    for (let index = from; index < from + series; index++) {
      cells.count(seriesOf("text", { arm: "inside", side: "edge", outcome: "ok", worker: `w${index}` }), 1);
    }
    return cells;
  }

  it("an hour has 2,000 series; texts of further ones are counted as other, with arm, side and outcome", async () => {
    await receive(TEN, many(1500));
    await receive(TEN + MINUTE, many(1500, 1000));
    await evictDurableObject(root());
    await receive(TEN + 2 * MINUTE, many(100, 5000));
    await receive(TEN + 2 * MINUTE, many(10));
    setTime(TEN + 5 * MINUTE);
    const { cells } = await counted();
    expect(totalOf(cells, "text").n).toBe(3110);
    const separate = [...cells].filter(({ series }) => series.worker !== "");
    expect(separate.length).toBeLessThanOrEqual(MAX_SERIES);
    const other = [...cells].find(({ series }) => series.kind === "text" && series.because === "other");
    expect(other?.series).toMatchObject({ arm: "inside", side: "edge", outcome: "ok", worker: "" });
    expect(other?.cell.n).toBeGreaterThanOrEqual(600);
    await receive(TEN + HOUR, many(100, 9000));
    expect((await query(TEN + HOUR, TEN + 2 * HOUR)).texts).toBe(100);
  });

  it("a day has 2,000 series too: those with the highest counts", async () => {
    await receive(TEN, many(1900));
    await receive(TEN + HOUR, many(1900, 1000));
    await tidyAt(TEN + DAY);
    const rows = await runInDurableObject(root(), (_, { storage }) =>
      storage.sql
        .exec("SELECT s.worker, c.n FROM cell c JOIN series s ON s.id = c.series WHERE width = 86400 AND kind = 'text'")
        .toArray(),
    );
    expect(rows.length).toBeLessThanOrEqual(MAX_SERIES + 1);
    expect(rows.filter(({ n, worker }) => worker !== "" && n === 2)).toHaveLength(900);
    expect((await counted()).texts).toBe(3800);
  });
});

it("a batch that cannot be read is confirmed, so that the next ones are not held up", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const from = { shard: "weur", shardId: shardOf("afr").id.toString(), storage: "test", isolates: [] };
  await root().receive({ ...from, number: 1, minutes: new Uint8Array([255, 255]) });
  await root().receive({ ...from, number: 2, minutes: encodeMinutes(new Minutes()) });
  expect((await query(TEN, TEN + MINUTE)).texts).toBe(0);
  vi.restoreAllMocks();
});

it("a query gets what shards have not sent, and a shard that is slow delays it no longer than its bound", async () => {
  for (const hint of ["weur", "apac"]) {
    await shardOf(hint).record(message({ isolate: hint }));
    await runDurableObjectAlarm(shardOf(hint));
    await shardOf(hint).record(message({ isolate: hint, seq: 2, recordsBefore: 1 }));
  }
  expect((await query(TEN, TEN + MINUTE)).texts).toBe(4);
  await shardOf("apac").record(message({ isolate: "apac", seq: 3, recordsBefore: 2 }));
  vi.spyOn(LedgerShard.prototype, "push").mockImplementation(() => new Promise(() => {}));
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(scheduler, "wait").mockImplementation(() => new Promise((resolve) => setTimeout(resolve, 50)));
  const { texts: answered, answer } = await query(TEN, TEN + MINUTE);
  expect(answered).toBe(4);
  expect(answer.isolates.map(({ isolate, shard, breakers }) => ({ isolate, shard, breakers }))).toEqual(
    expect.arrayContaining([
      { isolate: "weur", shard: "weur", breakers: { edge: "closed", "origin:us-east-1": "open" } },
      { isolate: "apac", shard: "apac", breakers: { edge: "closed", "origin:us-east-1": "open" } },
    ]),
  );
  vi.restoreAllMocks();
});
