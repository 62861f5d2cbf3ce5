/** The ledger's bill: sums that can be redone by hand. */
import { expect, it } from "vitest";
import { billOf, isolatesAt } from "../../../../tools/simulation/ledger-bill.ts";

const WRITES = { rowsPerMessage: 1, rowsPerBatch: 30, series: 50, msPerMessage: 1, msPerBatch: 10 };

it("at 10 G requests a month, 1,000 isolates in 9 locations send 63 messages a second", () => {
  const bill = billOf({ requestsPerMonth: 10e9, isolates: 1000, shards: 9 }, WRITES);
  // 3,858 requests a second: an isolate waits 0.26 s for one after its 15 s.
  expect(bill.messagesPerSecond).toBeCloseTo(1000 / (15 + 1000 / (10e9 / 2_592_000)), 6);
  expect(bill.messagesPerSecondAndShard).toBeCloseTo(7.28, 2);
  const messages = bill.messagesPerSecond * 2_592_000;
  const batches = 9 * 43_200;
  const rows = messages + 30 * batches + 50 * (43_200 + 2 * 720 + 2 * 30);
  expect(bill.rowsPerMonth).toBeCloseTo(rows, 3);
  expect(bill.objectRequestsPerMonth).toBeCloseTo(messages + 2 * batches, 3);
  const gbSeconds = (messages / 1000 + batches / 100) * 0.128;
  const usd = (0.15 * (messages + 2 * batches) + rows + 12.5 * gbSeconds) / 1e6;
  expect(bill.usdPerMonth).toBeCloseTo(usd, 6);
  expect(bill.usdPerMillion).toBeCloseTo(usd / 10_000, 9);
});

it("a small deployment stays within what the plan includes, except requests", () => {
  const bill = billOf({ requestsPerMonth: 2.5e6, isolates: 6, shards: 3 }, WRITES);
  expect(bill.rowsPerMonth).toBeLessThan(50e6);
  expect(bill.chargedUsdPerMonth).toBeCloseTo((0.15 * (bill.objectRequestsPerMonth - 1e6)) / 1e6, 6);
});

it("no batch is sent without a message", () => {
  const bill = billOf({ requestsPerMonth: 1000, isolates: 3, shards: 3 }, WRITES);
  expect(bill.objectRequestsPerMonth).toBeLessThanOrEqual(3 * 1000 * 1.001);
});

it("a shard of one location gets 200 messages a second from 3,000 isolates", () => {
  expect(isolatesAt(200)).toBe(3000);
});
