/** Shards and the root as the gateway and the operator see them, and messages of isolates. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { ROOT_NAME, shardNameOf } from "../../../control-plane/ports.ts";
import { decodeBase64 } from "../../../formats/encodings.ts";
import { Cells } from "../../../formats/ledger/cells.ts";
import { decodeCells, encodeCells } from "../../../formats/ledger/codec.ts";
import type { IsolateStatus, LedgerDelta } from "../../../formats/ledger/delta.ts";
import { type Kind, type Series, seriesOf } from "../../../formats/ledger/series.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A Wednesday, at ten. Later than now, so that alarms run only when a test runs them. */
export const TEN = Date.UTC(2040, 1, 1, 10);

/** Sets the clock of the test and of the objects, which share an isolate. */
export function setTime(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

export function shardOf(hint: string) {
  return env.LEDGER_SHARDS.get(env.LEDGER_SHARDS.idFromName(shardNameOf(hint)));
}

export function root() {
  return env.LEDGER.get(env.LEDGER.idFromName(ROOT_NAME));
}

export const STATUS: IsolateStatus = {
  colo: "FRA",
  policy: 7,
  model: "mail-tagger@9f2c",
  candidate: null,
  edgeState: "ready",
  breakers: { edge: "closed", "origin:us-east-1": "open" },
  queuedTexts: 2,
};

/** Texts of one series by their times in ms. */
export function texts(times: readonly number[], fields: Partial<Omit<Series, "kind">> = {}): Cells {
  const cells = new Cells();
  const series = seriesOf("text", { arm: "inside", side: "edge", outcome: "ok", because: "within-share", ...fields });
  for (const ms of times) cells.observe(series, ms);
  return cells;
}

interface Given extends Partial<Omit<LedgerDelta, "cells">> {
  cells?: Cells;
}

/** A message of isolate `a` with one text of 10 ms, unless other parts are given. */
export function message({ cells = texts([10]), ...parts }: Given = {}): LedgerDelta {
  return { isolate: "a", seq: 1, recordsBefore: 0, status: STATUS, keysUsed: [], ...parts, cells: encodeCells(cells) };
}

/** Decodes cells of an answer. */
export function cellsIn(base64: string): Cells {
  return decodeCells(decodeBase64(base64) ?? new Uint8Array());
}

/** The sums over all series of a kind, and of one usage. */
export function totalOf(cells: Cells, kind: Kind, because?: string): { n: number; sum: number } {
  const total = { n: 0, sum: 0 };
  for (const { series, cell } of cells) {
    if (series.kind !== kind || (because !== undefined && series.because !== because)) continue;
    total.n += cell.n;
    total.sum += cell.sum;
  }
  return total;
}

/**
 * What the ledger has of a time range: by default, all that was ever counted. The shard of weur sends what it has, as at the first alarm
 * that makes it known to the root.
 */
export async function counted(range = { fromMs: 0, toMs: Date.now() + MINUTE }) {
  await runDurableObjectAlarm(shardOf("weur"));
  const answer = await root().query(range);
  const cells = cellsIn(answer.cells);
  return {
    answer,
    cells,
    texts: totalOf(cells, "text").n,
    missing: totalOf(cells, "missing").n,
    perDay: answer.days.map(({ startMs, cells: ofDay }) => [startMs, totalOf(cellsIn(ofDay), "text").n] as const),
  };
}
