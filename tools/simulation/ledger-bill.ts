/** What the ledger itself costs per month, from what one message and one batch write. Pure. */
import { paceMs } from "../../control-plane/shard/pace.ts";
import { usageCostUsd } from "../../formats/ledger/prices.ts";

const SECONDS_PER_MONTH = 30 * 24 * 3600;
const MINUTES_PER_MONTH = SECONDS_PER_MONTH / 60;
const HOURS_PER_MONTH = SECONDS_PER_MONTH / 3600;
const MILLION = 1e6;
/** Billed while an object handles a call, 128 MB each. https://developers.cloudflare.com/durable-objects/platform/pricing/ */
const USD_PER_GB_SECOND = 12.5 / MILLION;
const OBJECT_GB = 0.128;
/** Of the paid plan, per month, without a charge: the page above. */
const INCLUDED = { requests: MILLION, rows: 50 * MILLION, gbSeconds: 400_000 };

export interface Traffic {
  requestsPerMonth: number;
  isolates: number;
  /** Location hints with isolates. */
  shards: number;
}

/** Measured. */
export interface Writes {
  rowsPerMessage: number;
  /** Of a batch at its shard and at the root, its series included. */
  rowsPerBatch: number;
  /** Series of the root in one minute: removed after 48 hours, and written once an hour and once a day. */
  series: number;
  msPerMessage: number;
  msPerBatch: number;
}

export interface Bill {
  messagesPerSecond: number;
  messagesPerSecondAndShard: number;
  objectRequestsPerMonth: number;
  rowsPerMonth: number;
  rowsPerMillion: number;
  usdPerMonth: number;
  /** Beyond what the plan includes, where nothing else of the account uses it. */
  chargedUsdPerMonth: number;
  usdPerMillion: number;
  chargedUsdPerMillion: number;
}

/** The formula, for people. */
export const FORMULA = [
  "messages/s = isolates / (pace + isolates / requests/s); pace = 250 ms per isolate of a shard, from 5 to 15 s",
  "batches/s = the lower one of messages/s and shards / 60 s",
  "object requests = messages + 2 per batch (a shard's alarm, the root's call)",
  "rows = rows per message × messages + rows per batch × batches + series × (1 per minute removed + 2 per hour + 2 per day)",
  "dollars = $0.15 per million object requests + $1.00 per million rows + $12.50 per million GB-s of 128 MB",
] as const;

/** The month's bill of the ledger's objects. */
export function billOf({ requestsPerMonth, isolates, shards }: Traffic, writes: Writes): Bill {
  const requestsPerSecond = requestsPerMonth / SECONDS_PER_MONTH;
  const secondsPerMessage = paceMs(isolates / shards) / 1000 + isolates / requestsPerSecond;
  const messagesPerSecond = isolates / secondsPerMessage;
  const messages = messagesPerSecond * SECONDS_PER_MONTH;
  const batches = Math.min(messages, shards * MINUTES_PER_MONTH);
  const minutes = Math.min(messages, MINUTES_PER_MONTH);
  // Written for an hour and removed after 35 days; for a day and removed after 400.
  const later = writes.series * (minutes + 2 * HOURS_PER_MONTH + 2 * 30);
  const rows = writes.rowsPerMessage * messages + writes.rowsPerBatch * batches + later;
  const objectRequests = messages + 2 * batches;
  const gbSeconds = ((writes.msPerMessage * messages + writes.msPerBatch * batches) / 1000) * OBJECT_GB;
  const usd = (requests: number, rowsWritten: number, duration: number) =>
    usageCostUsd("ledger-requests", requests) + usageCostUsd("ledger-rows", rowsWritten) + USD_PER_GB_SECOND * duration;
  const beyond = (quantity: number, included: number) => Math.max(0, quantity - included);
  const usdPerMonth = usd(objectRequests, rows, gbSeconds);
  const chargedUsdPerMonth = usd(
    beyond(objectRequests, INCLUDED.requests),
    beyond(rows, INCLUDED.rows),
    beyond(gbSeconds, INCLUDED.gbSeconds),
  );
  const millions = requestsPerMonth / MILLION;
  return {
    messagesPerSecond,
    messagesPerSecondAndShard: messagesPerSecond / shards,
    objectRequestsPerMonth: objectRequests,
    rowsPerMonth: rows,
    rowsPerMillion: rows / millions,
    usdPerMonth,
    chargedUsdPerMonth,
    usdPerMillion: usdPerMonth / millions,
    chargedUsdPerMillion: chargedUsdPerMonth / millions,
  };
}

/** The isolates of one location at which its shard gets this many messages a second, when each always has something to send. */
export function isolatesAt(messagesPerSecond: number): number {
  let isolates = 1;
  while (isolates / (paceMs(isolates) / 1000) < messagesPerSecond) isolates += 1;
  return isolates;
}
