/** Bench `ledger`: simulated isolates send to the ledger's real objects in workerd; what that writes, and what it costs at three sizes. */
import { join } from "node:path";
import * as z from "zod";
import { billOf, FORMULA, isolatesAt, type Traffic, type Writes } from "../../simulation/ledger-bill.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { bundleWorker } from "../system/bundle.ts";
import { type RunningWorker, startWorker } from "../system/running-worker.ts";
import { withWorkspace } from "../system/workspace.ts";

const MAX_BENCH_MS = 15 * 60_000;
const WORKER = { config: "tools/bench/ledger/wrangler.toml" };
const ISOLATES = { min: 9, max: 10_000, fallback: 1000 };
const ROUNDS = { min: 2, max: 60, fallback: 8 };
const SHARDS = 9;
/** Of one isolate between two messages, at 10 G requests a month over 1,000 isolates: 3.9 a second for 15 s. */
const TEXTS_PER_MESSAGE = 58;
const CONCURRENCY = 32;
/** What one object sustains in production, with the storage behind it. https://developers.cloudflare.com/durable-objects/platform/limits/ */
const MAX_WRITES_PER_SECOND = 200;
/** More texts than simulated would not change what a message writes. */
const ROOT_BATCHES = 30;
const ROOT_SERIES = [50, 200, 1000];

const SIZES: readonly (Traffic & { name: string })[] = [
  { name: "2.5 M", requestsPerMonth: 2.5e6, isolates: 6, shards: 3 },
  { name: "100 M", requestsPerMonth: 100e6, isolates: 60, shards: 9 },
  { name: "10 G", requestsPerMonth: 10e9, isolates: 1000, shards: 9 },
];

const NOTES = [
  "The objects run in one workerd process on this machine, with the clients beside them: messages per second are a lower bound of the code's, and say nothing of the network.",
  `A message has ${TEXTS_PER_MESSAGE} texts in about 45 series. Rows and requests are what the objects count of themselves; tests compare that with SQLite's own count.`,
  "Isolates and locations of the three sizes are assumptions: an isolate answers about 4 requests a second at 10 G, and fewer at less traffic.",
  ...FORMULA,
];

export const ledgerBench: Bench = {
  name: "ledger",
  summary: "messages per second that a shard and the root of the ledger sustain, rows they write, dollars per month",
  options: {
    isolates: numberOption("simulated isolates", ISOLATES),
    rounds: numberOption("messages of each isolate", ROUNDS),
  },
  quick: { isolates: "100", rounds: "2" },
  async run(values: OptionValues) {
    const isolates = wholeNumber(values, "isolates", ISOLATES);
    const rounds = wholeNumber(values, "rounds", ROUNDS);
    return withWorkspace(MAX_BENCH_MS, async (workspace) => {
      const { folder } = workspace;
      const bundle = await step("building the Worker", () => bundleWorker(WORKER, join(folder, "ledger")));
      const state = join(folder, "state");
      const worker = await startWorker(workspace, { name: "ledger", bundle, persistFolder: state });
      return run(worker, isolates, rounds);
    });
  },
};

const roundSchema = z.object({ messages: z.number(), ms: z.number(), bytesPerMessage: z.number() });
const batchesSchema = z.object({ batches: z.number(), ms: z.number() });
const usageSchema = z.object({
  rows: z.number(),
  requests: z.number(),
  texts: z.number(),
  missing: z.number(),
  series: z.number(),
  queryMs: z.number(),
});

async function run({ url }: RunningWorker, isolates: number, rounds: number): Promise<Report> {
  const ask = async <T>(path: string, schema: z.ZodType<T>, parameters: Record<string, number>): Promise<T> => {
    const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
    const response = await fetch(`${url}/${path}?${query}`);
    if (!response.ok) throw new Error(`The bench's Worker answered /${path} with ${response.status}.`);
    return schema.parse(await response.json());
  };
  const round = (seq: number, shards: number, concurrency: number, of = isolates) =>
    ask("round", roundSchema, { isolates: of, shards, round: seq, texts: TEXTS_PER_MESSAGE, concurrency });

  /** Rows that a round has written besides its messages, over the batches that follow it: alarms may run in some rounds. */
  const rowsPerBatch: number[] = [];
  const all: z.infer<typeof roundSchema>[] = [];
  const pushes: z.infer<typeof batchesSchema>[] = [];
  let usage = await ask("usage", usageSchema, {});
  await step(
    `${isolates} isolates send ${rounds} messages each to ${SHARDS} shards, and these to the root`,
    async () => {
      for (let seq = 1; seq <= rounds; seq++) {
        all.push(await round(seq, SHARDS, CONCURRENCY));
        pushes.push(await ask("push", batchesSchema, { shards: SHARDS }));
        const before = usage.rows;
        usage = await ask("usage", usageSchema, {});
        rowsPerBatch.push((usage.rows - before - isolates) / SHARDS);
      }
    },
  );
  const expected = isolates * rounds * TEXTS_PER_MESSAGE;
  if (usage.texts !== expected || usage.missing !== 0) {
    throw new Error(`The ledger has ${usage.texts} texts and ${usage.missing} missing; ${expected} were sent.`);
  }
  // A shard with all of its location's isolates in memory, then more messages one at a time: what one message takes.
  const oneShard = Math.ceil(isolates / SHARDS);
  const alone = await step(`${oneShard} isolates send to one shard`, async () => {
    const sent: z.infer<typeof roundSchema>[] = [];
    for (let seq = 1; seq <= rounds; seq++) sent.push(await round(rounds + seq, 1, CONCURRENCY, oneShard));
    return sent;
  });
  const sequential = await round(2 * rounds + 1, 1, 1, oneShard);
  const roots = await step("the root receives batches", async () => {
    const received: { series: number; batchesPerSecond: number; msPerBatch: number }[] = [];
    for (const series of ROOT_SERIES) {
      const { batches, ms } = await ask("root", batchesSchema, { batches: ROOT_BATCHES, series });
      received.push({ series, batchesPerSecond: perSecond(batches, ms), msPerBatch: ms / batches });
    }
    return received;
  });

  const writes: Writes = {
    rowsPerMessage: 1,
    rowsPerBatch: Math.min(...rowsPerBatch),
    series: usage.series,
    msPerMessage: sequential.ms / sequential.messages,
    msPerBatch: Math.min(...pushes.map(({ ms, batches }) => ms / batches)),
  };
  const bills = SIZES.map((size) => ({ ...size, ...billOf(size, writes) }));
  const allPerSecond = Math.max(...all.map(({ messages: sent, ms }) => perSecond(sent, ms)));
  const shardPerSecond = Math.max(...alone.map(({ messages: sent, ms }) => perSecond(sent, ms)));
  const levels = isolatesAt(MAX_WRITES_PER_SECOND);
  return {
    result: {
      isolates,
      shards: SHARDS,
      textsPerMessage: TEXTS_PER_MESSAGE,
      bytesPerMessage: Math.round(all[0]?.bytesPerMessage ?? 0),
      messagesPerSecond: Math.round(allPerSecond),
      shardMessagesPerSecond: Math.round(shardPerSecond),
      msPerMessage: rounded(writes.msPerMessage),
      root: roots.map((one) => ({
        ...one,
        batchesPerSecond: rounded(one.batchesPerSecond),
        msPerBatch: rounded(one.msPerBatch),
      })),
      rowsPerMessage: writes.rowsPerMessage,
      rowsPerBatch: rounded(writes.rowsPerBatch),
      series: usage.series,
      queryMs: usage.queryMs,
      bills: bills.map((bill) =>
        Object.fromEntries(Object.entries(bill).map(([name, value]) => [name, rounded(value)])),
      ),
      anotherLevelAtIsolatesPerLocation: levels,
      formula: FORMULA,
    },
    tables: [
      {
        title: "What the objects sustain",
        header: ["object", "per second", "ms each"],
        rows: [
          [`one shard with ${oneShard} isolates: messages`, Math.round(shardPerSecond), rounded(writes.msPerMessage)],
          ...roots.map(({ series, batchesPerSecond, msPerBatch }) => [
            `the root: batches of ${series} kinds of texts`,
            Math.round(batchesPerSecond),
            rounded(msPerBatch),
          ]),
        ],
      },
      {
        title: "What the ledger costs",
        header: [
          "requests a month",
          "isolates",
          "shards",
          "messages/s a shard",
          "rows per M",
          "$ per M",
          "$ a month",
          "$ charged",
        ],
        rows: bills.map((bill) => [
          bill.name,
          bill.isolates,
          bill.shards,
          rounded(bill.messagesPerSecondAndShard),
          Math.round(bill.rowsPerMillion),
          rounded(bill.usdPerMillion),
          rounded(bill.usdPerMonth),
          rounded(bill.chargedUsdPerMonth),
        ]),
      },
    ],
    notes: [
      ...NOTES,
      `A shard gets ${MAX_WRITES_PER_SECOND} messages a second from ${levels} isolates of one location that always have something to send: beyond that, it needs another level.`,
    ],
    problem: bills.some(({ messagesPerSecondAndShard }) => messagesPerSecondAndShard > MAX_WRITES_PER_SECOND)
      ? `A shard gets more than ${MAX_WRITES_PER_SECOND} messages a second.`
      : null,
  };
}

function perSecond(count: number, ms: number): number {
  return count / (Math.max(1, ms) / 1000);
}

function rounded<T>(value: T): T | number {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
