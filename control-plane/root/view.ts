/** The counts of time ranges, with what the shards have not sent yet, without a write. */
import type { LedgerAnswer } from "../../formats/ledger/answer.ts";
import { decodeMinutes, Minutes } from "../minutes.ts";
import type { ShardPeek, TimeRange } from "../ports.ts";
import type { Counts } from "./counts.ts";
import { countedRange, readRange } from "./read-range.ts";
import type { ShardTable } from "./shard-table.ts";

interface Parts {
  counts: Counts;
  shards: ShardTable;
  peeks: readonly ShardPeek[];
}

/** Synchronous: no batch arrives between the check of what was received and the read of what is stored. */
export function viewOf(ranges: readonly TimeRange[], { counts, shards, peeks }: Parts): LedgerAnswer[] {
  const nowMs = Date.now();
  const pending = new Minutes();
  for (const { batches } of peeks) {
    for (const batch of batches) if (!shards.hasReceived(batch)) addTo(pending, batch);
  }
  const known = [...shards.isolates(nowMs), ...peeks.flatMap((peek) => peek.isolates)];
  const isolates = [...new Map(known.map((one) => [one.isolate, one])).values()];
  return ranges.map((range) => ({ ...readRange(counts, countedRange(range, nowMs), nowMs, pending), isolates }));
}

function addTo(pending: Minutes, { shard, number, minutes }: ShardPeek["batches"][number]): void {
  try {
    for (const [startMs, cells] of decodeMinutes(minutes)) pending.at(startMs).merge(cells);
  } catch (error) {
    console.error(`Batch ${number} of ${shard} cannot be read, and is not shown: ${String(error)}`);
  }
}
