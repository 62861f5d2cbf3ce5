/** The result, tables and notes of the bench `cold`: medians, ratios, and which promises hold. Pure. */
import { hundredths, percentile } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import type { EdgeAnswers, FirstCaller, GatewayCold, PlainCold } from "./load.ts";
import type { StartUp, UploadSize } from "./start-up.ts";

/** At DistilBERT's size. Times on the machine on which they were measured first; ratios within one run. */
export const PROMISES = {
  loadMs: 1000,
  loadOverPlain: 0.75,
  firstOverWarm: 2,
  uploadGzipBytes: 5_000_000,
  startUpMs: 400,
} as const;

export const NOTES = [
  "A load is one fresh process with its weights in local R2, started by one request; no other request is sent for 2 s. It is measured from R2 to ready by the Worker's clock, including the signature, the SHA-256 of every byte and the golden logits.",
  "A first caller meets another fresh process and is spilled to a warm origin on this machine, without network distance. The time beyond the gateway's own clock is the time that its answer waited behind the load.",
  "Every trace, log and metric of the gateway is exported meanwhile, to a receiver on this machine.",
  "The plain Worker's load is arrayBuffer() and InferenceSession.create(bytes). It verifies nothing, and its first caller waits for it.",
  "The edge's first answer: a text sent at once when /readyz reports ready, polled every 20 ms, by the caller's clock; warm is the median of 15 texts after 12 more. Both include Miniflare's Worker before the gateway.",
  "Start-up is a fresh isolate in workerd: its modules are compiled and evaluated, and one /healthz is answered. An empty Worker's is in the table for comparison.",
  "Upload: the files of wrangler's bundling, each gzipped, without source maps.",
  "Times depend on this machine; on a busy one only the ratios are meaningful.",
];

interface Medians {
  loadMs: number;
  firstCallerMs: number;
  processStartMs: number;
}

export interface ColdResult {
  model: string;
  promises: typeof PROMISES;
  /** `loadOverPlain` is null without the plain Worker. */
  holds: { load: boolean; loadOverPlain: boolean | null; firstAnswer: boolean; upload: boolean; startUp: boolean };
  upload: UploadSize;
  startUp: StartUp;
  gateway: {
    p50: Medians & { firstProbeMs: number; firstCallerGatewayMs: number };
    /** First callers whose answer came from the origin. */
    spilled: number;
    samples: readonly GatewayCold[];
    firstCallers: readonly FirstCaller[];
    /** The edge's first answer after a load and warm ones: medians, and the median of their ratios. */
    edgeAnswer: { firstMs: number; warmMs: number; firstOverWarm: number; samples: readonly EdgeAnswers[] };
  };
  plain: {
    p50: Medians & { readMs: number; createMs: number };
    samples: readonly PlainCold[];
    /** The gateway's load, divided by the plain Worker's. */
    loadOverPlain: number;
    /** The plain Worker's medians, divided by the gateway's. */
    over: { load: number; firstCaller: number };
  } | null;
}

export interface ColdSamples {
  model: string;
  upload: UploadSize;
  startUp: StartUp;
  gateways: readonly GatewayCold[];
  callers: readonly FirstCaller[];
  answers: readonly EdgeAnswers[];
  /** Null if it was not measured. */
  plains: readonly PlainCold[] | null;
}

/** The bench's result: medians in ms, and whether each promise about a cold start holds. */
export function coldResult({ model, upload, startUp, gateways, callers, answers, plains }: ColdSamples): ColdResult {
  const gateway = {
    loadMs: p50(gateways, ({ loadMs }) => loadMs),
    firstProbeMs: p50(gateways, ({ firstProbeMs }) => firstProbeMs),
    firstCallerMs: p50(callers, ({ ms }) => ms),
    firstCallerGatewayMs: p50(callers, ({ gatewayMs }) => gatewayMs),
    processStartMs: p50(gateways, ({ processStartMs }) => processStartMs),
  };
  const edgeAnswer = {
    firstMs: p50(answers, ({ firstMs }) => firstMs),
    warmMs: p50(answers, ({ warmMs }) => warmMs),
    firstOverWarm: hundredths(p50(answers, ({ firstMs, warmMs }) => firstMs / warmMs)),
    samples: answers,
  };
  const plain = plains === null ? null : comparePlain(plains, gateway);
  return {
    model,
    promises: PROMISES,
    holds: {
      load: gateway.loadMs <= PROMISES.loadMs,
      loadOverPlain: plain === null ? null : plain.loadOverPlain <= PROMISES.loadOverPlain,
      firstAnswer: edgeAnswer.firstOverWarm <= PROMISES.firstOverWarm,
      upload: upload.gzipBytes <= PROMISES.uploadGzipBytes,
      startUp: startUp.gatewayP50Ms < PROMISES.startUpMs,
    },
    upload,
    startUp,
    gateway: {
      p50: gateway,
      spilled: callers.filter(({ route }) => route === "origin").length,
      samples: gateways,
      firstCallers: callers,
      edgeAnswer,
    },
    plain,
  };
}

function comparePlain(plains: readonly PlainCold[], gateway: Medians): NonNullable<ColdResult["plain"]> {
  const plain = {
    loadMs: p50(plains, ({ loadMs }) => loadMs),
    readMs: p50(plains, ({ readMs }) => readMs),
    createMs: p50(plains, ({ createMs }) => createMs),
    firstCallerMs: p50(plains, ({ firstCallerMs }) => firstCallerMs),
    processStartMs: p50(plains, ({ processStartMs }) => processStartMs),
  };
  const over = {
    load: hundredths(plain.loadMs / gateway.loadMs),
    firstCaller: hundredths(plain.firstCallerMs / gateway.firstCallerMs),
  };
  return { p50: plain, samples: plains, loadOverPlain: hundredths(gateway.loadMs / plain.loadMs), over };
}

function p50<T>(samples: readonly T[], pick: (sample: T) => number): number {
  return percentile(samples.map(pick), 50);
}

/** @returns the promises that the numbers break, in one sentence; null if none, or for a model of another size */
export function problemOf(result: ColdResult): string | null {
  if (!result.model.startsWith("distilbert@")) return null;
  const [, { rows }] = coldTables(result);
  const broken = rows
    .filter((row) => row.at(-1) === "NO")
    .map(([promise, measured, atMost]) => `${promise}: ${measured}, at most ${atMost}`);
  return broken.length === 0 ? null : `The cold start breaks its promises: ${broken.join("; ")}.`;
}

/** The result as it is printed. */
export function coldTables({ holds, upload, startUp, gateway, plain, promises }: ColdResult): [Table, Table] {
  const yesOrNo = (holds: boolean | null) => (holds === null ? "not measured" : holds ? "yes" : "NO");
  const megabytes = (bytes: number) => hundredths(bytes / 1e6);
  const none = "";
  return [
    {
      title: `Medians of ${gateway.samples.length} cold starts in ms`,
      header: ["time", "gateway", "plain Worker", "plain/gateway"],
      rows: [
        ["load, R2 to ready", gateway.p50.loadMs, plain?.p50.loadMs ?? none, plain?.over.load ?? none],
        [
          `first caller (${gateway.spilled} of ${gateway.samples.length} spilled)`,
          gateway.p50.firstCallerMs,
          plain?.p50.firstCallerMs ?? none,
          plain?.over.firstCaller ?? none,
        ],
        ["first caller, by the gateway's clock", gateway.p50.firstCallerGatewayMs, none, none],
        ["first answer of the edge", gateway.edgeAnswer.firstMs, none, none],
        ["a warm answer of the edge", gateway.edgeAnswer.warmMs, none, none],
        ["first probe", gateway.p50.firstProbeMs, none, none],
        ["process start to /healthz", gateway.p50.processStartMs, plain?.p50.processStartMs ?? none, none],
        [`start-up of an isolate (empty Worker: ${startUp.emptyP50Ms})`, startUp.gatewayP50Ms, none, none],
      ],
    },
    {
      title: "Promises at DistilBERT's size",
      header: ["promise", "measured", "at most", "holds"],
      rows: [
        ["cold load, ms", gateway.p50.loadMs, promises.loadMs, yesOrNo(holds.load)],
        [
          "cold load over the plain Worker's",
          plain?.loadOverPlain ?? none,
          promises.loadOverPlain,
          yesOrNo(holds.loadOverPlain),
        ],
        [
          "first answer of the edge over a warm one",
          gateway.edgeAnswer.firstOverWarm,
          promises.firstOverWarm,
          yesOrNo(holds.firstAnswer),
        ],
        ["upload, MB gzipped", megabytes(upload.gzipBytes), megabytes(promises.uploadGzipBytes), yesOrNo(holds.upload)],
        ["start-up, ms", startUp.gatewayP50Ms, promises.startUpMs, yesOrNo(holds.startUp)],
      ],
    },
  ];
}
