/** The numbers of the bench `peers` as JSON and as tables. Pure. */
import { z } from "zod";
import { hundredths, mib, percentile, tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import { PEER_FACTS, PEERS, type PeerName } from "./names.ts";
import type { InWorker } from "./transformers.ts";

/** An isolate's limit. https://developers.cloudflare.com/workers/platform/limits/ */
export const ISOLATE_MIB = 128;

export interface MeasuredPeer {
  name: PeerName;
  /** Of each text, in the same order for each peer. */
  texts: readonly { runMs: number; logits: readonly number[] }[];
  /** From the file to a model that can run. */
  loadMs: number;
  /** The wasm heap after all texts, or the resident memory of the process. */
  memoryBytes: number;
  /** What a text of more tokens than positions gets: null for an answer, or its error. */
  longTextProblem: string | null;
}

const peerSchema = z.object({
  name: z.enum(PEERS),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  /** P95 of Spillway's engine over this. */
  engineOverPeer: z.number(),
  loadMs: z.number(),
  memoryMiB: z.number(),
  /** Texts with the label that FP32 gives. */
  sameLabel: z.number(),
  longTextProblem: z.string().nullable(),
});

/** The JSON with which docs/internals/peers.md is written. */
export const resultSchema = z.object({
  bench: z.literal("peers"),
  startedAt: z.string(),
  /** Of the checkout that was measured; null outside of a git checkout. */
  commit: z.string().nullable(),
  machine: z.object({ cpus: z.number(), cpu: z.string(), node: z.string(), loadAtStart: z.number() }),
  model: z.string(),
  texts: z.number(),
  seed: z.number(),
  transformersVersion: z.string(),
  peers: z.array(peerSchema).min(2),
  /** Null if it was left out. */
  transformersInWorker: z
    .object({
      uploadGzipMb: z.number(),
      attempts: z.array(z.object({ how: z.string(), problem: z.string().nullable() })),
    })
    .nullable(),
});
export type PeersJson = z.infer<typeof resultSchema>;
export type PeersResult = Pick<PeersJson, "peers" | "transformersInWorker">;

/** @throws RangeError if the engine or FP32 was not measured */
export function peersResult(measured: readonly MeasuredPeer[], inWorker: InWorker | null): PeersResult {
  const find = (wanted: PeerName) => {
    const found = measured.find(({ name }) => name === wanted);
    if (found === undefined) throw new RangeError(`${wanted} was not measured`);
    return found;
  };
  const reference = find("nativeFp32").texts.map(({ logits }) => best(logits));
  const engineP95Ms = quantile(find("engine"), 95);
  const peers = measured.map((peer) => ({
    name: peer.name,
    p50Ms: tenths(quantile(peer, 50)),
    p95Ms: tenths(quantile(peer, 95)),
    p99Ms: tenths(quantile(peer, 99)),
    engineOverPeer: hundredths(engineP95Ms / quantile(peer, 95)),
    loadMs: Math.round(peer.loadMs),
    memoryMiB: mib(peer.memoryBytes),
    sameLabel: peer.texts.filter(({ logits }, index) => best(logits) === reference[index]).length,
    longTextProblem: peer.longTextProblem,
  }));
  if (inWorker === null) return { peers, transformersInWorker: null };
  const { uploadGzipBytes, attempts } = inWorker;
  return { peers, transformersInWorker: { uploadGzipMb: hundredths(uploadGzipBytes / 1e6), attempts } };
}

function quantile({ texts }: MeasuredPeer, percent: number): number {
  return percentile(
    texts.map(({ runMs }) => runMs),
    percent,
  );
}

function best(logits: readonly number[]): number {
  return logits.indexOf(Math.max(...logits));
}

export function peersTables({ peers, transformersInWorker }: PeersResult, texts: number): Table[] {
  const tables: Table[] = [
    {
      title: `${texts} texts, one after another`,
      header: ["peer", "P50 ms", "P95 ms", "P99 ms", "engine/peer", "load ms", "memory MiB", "labels as FP32"],
      rows: peers.map((peer) => [
        PEER_FACTS[peer.name].title,
        peer.p50Ms,
        peer.p95Ms,
        peer.p99Ms,
        peer.engineOverPeer,
        peer.loadMs,
        peer.memoryMiB,
        peer.sameLabel,
      ]),
    },
  ];
  if (transformersInWorker === null) return tables;
  const { uploadGzipMb, attempts } = transformersInWorker;
  const rows = attempts.map(({ how, problem }) => [how, uploadGzipMb, problem ?? "loaded"]);
  return [...tables, { title: "transformers.js in a Worker", header: ["", "upload, MB gzipped", "result"], rows }];
}

export const NOTES = [
  "The texts are those of the bench replay's day that fit every peer: the same token ids for each, in alternation. Times are each peer's own clock, without HTTP; workerd's counts whole milliseconds.",
  "The engine runs its own INT8 weights; the other INT8 peers run one file by ONNX Runtime's quantizer. All are of the same FP32 model, with random weights: labels have no meaning beyond their agreement.",
  "A load is from the file, or from local R2 in a Worker, to a model that can run. Nothing is verified.",
  "Memory is the wasm heap in a Worker, and the resident memory of the process in Node.",
];
