/** The ledger's real objects, and simulated isolates that send to them as the gateway's isolates do. */
import { encodeMinutes, Minutes } from "../../../control-plane/minutes.ts";
import { type Env, LOCATION_HINTS, ROOT_NAME, shardNameOf } from "../../../control-plane/ports.ts";
import { decodeBase64 } from "../../../formats/encodings.ts";
import { type Cells, MAX_SERIES } from "../../../formats/ledger/cells.ts";
import { decodeCells, encodeCells } from "../../../formats/ledger/codec.ts";
import { simulatedCells } from "./simulated-cells.ts";

export { Ledger } from "../../../control-plane/root/ledger.ts";
export { LedgerShard } from "../../../control-plane/shard/ledger-shard.ts";

const STATUS = {
  policy: 7,
  model: `mail-tagger@${"9f2c".repeat(16)}`,
  candidate: null,
  edgeState: "ready",
  breakers: { edge: "closed", "origin:us-east-1": "closed" },
  queuedTexts: 0,
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const number = (name: string) => Number(searchParams.get(name));
    if (pathname === "/round") {
      const [isolates, shards, seq] = [number("isolates"), number("shards"), number("round")];
      return Response.json(
        await round(env, { isolates, shards, seq, texts: number("texts"), concurrency: number("concurrency") }),
      );
    }
    if (pathname === "/push") return Response.json(await push(env, number("shards")));
    if (pathname === "/root") return Response.json(await batches(env, number("batches"), number("series")));
    if (pathname === "/usage") return Response.json(await usage(env));
    return Response.json({ status: "ok" });
  },
};

interface Round {
  isolates: number;
  shards: number;
  /** 1 for the first round. */
  seq: number;
  /** In each message. */
  texts: number;
  concurrency: number;
}

/** Each isolate sends one message. */
async function round(env: Env, { isolates, shards, seq, texts, concurrency }: Round) {
  const queue = Array.from({ length: isolates }, (_, index) => ({
    isolate: `${String(index).padStart(8, "0")}-0000-4000-8000-000000000000`,
    hint: LOCATION_HINTS[index % shards] ?? "weur",
    cells: encodeCells(simulatedCells(texts, index + seq * isolates)),
  }));
  const bytes = queue.reduce((sum, { cells }) => sum + cells.byteLength, 0);
  // A text and its request are a record each.
  const recordsBefore = 2 * texts * (seq - 1);
  const startedAtMs = Date.now();
  const work = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { isolate, hint, cells } = next;
      const shard = env.LEDGER_SHARDS.get(env.LEDGER_SHARDS.idFromName(shardNameOf(hint)));
      await shard.record({ isolate, seq, recordsBefore, status: { ...STATUS, colo: "FRA" }, cells });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { messages: isolates, ms: Date.now() - startedAtMs, bytesPerMessage: bytes / isolates };
}

/** Each shard sends a batch to the root, as its alarm does. */
async function push(env: Env, shards: number) {
  const startedAtMs = Date.now();
  for (const hint of LOCATION_HINTS.slice(0, shards)) {
    await env.LEDGER_SHARDS.get(env.LEDGER_SHARDS.idFromName(shardNameOf(hint))).push();
  }
  return { batches: shards, ms: Date.now() - startedAtMs };
}

/** The root receives batches of as many series, of another minute each. */
async function batches(env: Env, count: number, series: number) {
  const root = env.LEDGER.get(env.LEDGER.idFromName(`root-of-${series}`));
  const sent = Array.from({ length: count }, (_, index) => {
    const minutes = new Minutes();
    minutes.at(Date.now() - index * 60_000).merge(simulatedCells(series * 4, index, series));
    return encodeMinutes(minutes);
  });
  const from = { shard: "weur", shardId: "0".repeat(64), storage: "bench", isolates: [] };
  const startedAtMs = Date.now();
  for (const [index, minutes] of sent.entries()) await root.receive({ ...from, number: index + 1, minutes });
  return { batches: count, ms: Date.now() - startedAtMs };
}

/** What the objects count of themselves, and the series of the texts' counts. */
async function usage(env: Env) {
  const root = env.LEDGER.get(env.LEDGER.idFromName(ROOT_NAME));
  const startedAtMs = Date.now();
  const answer = await root.query({ fromMs: 0, toMs: Date.now() + 60_000 });
  const ms = Date.now() - startedAtMs;
  const cells = decodeCells(decodeBase64(answer.cells) ?? new Uint8Array());
  const sums = { rows: usageOf(cells, "ledger-rows"), requests: usageOf(cells, "ledger-requests") };
  let [texts, missing] = [0, 0];
  for (const { series, cell } of cells) {
    if (series.kind === "text") texts += cell.n;
    if (series.kind === "missing") missing += cell.n;
  }
  return { ...sums, texts, missing, series: Math.min(cells.size, MAX_SERIES), queryMs: ms };
}

function usageOf(cells: Cells, because: string): number {
  return [...cells].reduce((sum, { series, cell }) => sum + (series.because === because ? cell.sum : 0), 0);
}
