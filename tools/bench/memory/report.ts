/** Pure. What the bench says of its readings: ratios, tables, and how to read them. */
import { hundredths } from "../statistics.ts";
import type { Table } from "../table.ts";
import type { GatewayMemory } from "./gateway-memory.ts";
import type { HeapParts } from "./heap-parts.ts";
import type { Speed } from "./speed.ts";
import { type Counted, highestMiB, type Stage } from "./stage.ts";

export interface MemoryResult extends GatewayMemory {
  model: string;
  /** The most tokens that the package takes at the edge. */
  maxTokens: number;
  limitMiB: number;
  budgetMiB: number;
  /** Whether the budget was kept and the isolate survived. */
  holds: boolean;
  /** The model's file: what any way of running it must hold at least. */
  weightsMiB: number;
  heapParts: HeapParts;
  /** Null where it was not asked for. */
  plain: Beside | null;
}

/** What the plain way was measured to be. */
export interface Beside extends Counted {
  weightsMiB: number;
  /** Between its logits and Spillway's, for the same texts. */
  largestLogitDifference: number;
  speed: Speed[];
  over: Ratios;
}

/** The plain way's memory over Spillway's. */
interface Ratios {
  peak: number;
  stages: { id: string; highest: number }[];
}

/** Stages that both went through. */
export function ratios(plain: Counted, spillway: Counted): Ratios {
  const stages = plain.stages.flatMap((stage) => {
    const other = spillway.stages.find(({ id }) => id === stage.id);
    return other === undefined ? [] : [{ id: stage.id, highest: hundredths(highestMiB(stage) / highestMiB(other)) }];
  });
  return { peak: hundredths(plain.peakMiB / spillway.peakMiB), stages };
}

export function memoryTables(result: MemoryResult): Table[] {
  const { plain, budgetMiB, peakMiB, limitMiB } = result;
  const title = `Memory of the gateway's isolate in MiB: ${peakMiB} at most, ${budgetMiB} promised, ${limitMiB} allowed`;
  const gateway = stageTable(title, result.stages, limitMiB);
  const answers: Table = {
    title: "Who answered",
    header: ["texts", "answers"],
    rows: [
      ...result.tooLong.map(({ tokens, answers }) => [`${tokens} tokens`, said(answers)]),
      ["mixed", said(result.mixed.answers)],
      [`${result.alternations.tokens.join(" and ")} tokens in turn`, said(result.alternations.answers)],
    ],
  };
  const parts = heapTable(result.heapParts);
  if (plain === null) return [gateway, parts, answers];
  const speed: Table = {
    title: "p50 in ms, taking turns: the model's run as the Worker times it, and the caller's clock",
    header: [
      "tokens",
      "Spillway run",
      "plain run",
      "plain/Spillway",
      "Spillway caller",
      "plain caller",
      "plain/Spillway",
    ],
    rows: plain.speed.map(({ tokens, spillway, plain: other, plainOverSpillway }) => [
      tokens,
      spillway.runP50Ms,
      other.runP50Ms,
      plainOverSpillway.run,
      spillway.callerP50Ms,
      other.callerP50Ms,
      plainOverSpillway.caller,
    ]),
  };
  const beside = stageTable(`The plain way, ${plain.over.peak} times as much`, plain.stages, limitMiB);
  return [gateway, parts, answers, beside, speed];
}

function heapTable({ runtimeMiB, weightsMiB, sessionMiB, activations }: HeapParts): Table {
  return {
    title: "What lies in the wasm heap, in MiB",
    header: ["part", "MiB"],
    rows: [
      ["runtime: static data, stack, initialised", runtimeMiB],
      ["weights, in place", weightsMiB],
      ["session: graph, operators, registries", sessionMiB],
      ...activations.map(({ tokens, mib }) => [`a run of ${tokens} tokens, on top`, mib]),
    ],
  };
}

function stageTable(title: string, stages: readonly Stage[], limitMiB: number): Table {
  const header = ["after", "wasm", "V8 used", "embedder", "buffers", "total", "peak", `of ${limitMiB} MiB`];
  const rows = stages.map((one) => {
    const { stage, after } = one;
    const highest = highestMiB(one);
    const parts = [after.wasmHeapMiB, after.v8UsedMiB, after.embedderMiB, after.backingStorageMiB, after.totalMiB];
    return [stage, ...parts, highest, `${Math.round((100 * highest) / limitMiB)} %`];
  });
  return { title, header, rows };
}

function said(answers: Readonly<Record<string, number>>): string {
  return Object.entries(answers)
    .map(([answer, times]) => `${times} × ${answer}`)
    .join(", ");
}

export function notes({ wasm, survived, plain, holds, budgetMiB }: MemoryResult): string[] {
  const counting = wasm.backingStorageIncludesIt
    ? "V8's backingStorageSize grew by the whole wasm heap while loading, so the heap is subtracted from it."
    : "V8's backingStorageSize did not grow by the wasm heap while loading (V8 leaves shared memory out), so the heap is added to it.";
  const { sameIsolate, sameHeap, ready } = survived;
  return [
    "total = wasm heap (memory.buffer.byteLength) + the inspector's usedSize + embedderHeapUsedSize + backingStorageSize of the Worker's isolate.",
    counting,
    "Every trace, log and metric is exported meanwhile, to a receiver on this machine.",
    "usedSize includes garbage not yet collected; nothing is collected by force.",
    "A peak takes the wasm heap at the size it had after the stage, also before it was allocated: never too little.",
    "The isolate's thread answers no reading while it works: longestGapMs says how long nothing was seen, boundMiB what it can have been meanwhile: V8's heap as large as V8 had made it, used or not.",
    "Not counted, because V8 reports it for no isolate: the compiled code and the bytes of the wasm module. workerd enforces no limit locally.",
    `The budget (${budgetMiB} MiB, and ${ALTERNATIONS_MIB} through the alternations) ${holds ? "holds" : "does not hold"}; at the end: ${sameIsolate ? "the same isolate" : "ANOTHER ISOLATE"}, ${sameHeap ? "the same heap" : "ANOTHER HEAP"}, ${ready ? "ready" : "NOT READY"}.`,
    ...(plain === null ? [] : plainNotes(plain.largestLogitDifference)),
  ];
}

function plainNotes(difference: number): string[] {
  return [
    "The plain way is stock onnxruntime-web by its public API: arrayBuffer() of the file, InferenceSession.create(bytes), one thread. It neither verifies nor tokenizes, and is sent token ids.",
    `Both computed the same logits for the same texts, within ${difference.toExponential(1)}.`,
  ];
}

/** Pure. Whether an isolate stays inside what was promised for it. */

/** Promised at DistilBERT's size, loading and 256 tokens included; the platform's limit is 128 MB, JS and wasm together. */
export const BUDGET_MIB = 112;
/** A thousand alternations without a pause must be survived: V8's garbage may take part of what the budget leaves free. */
export const ALTERNATIONS_MIB = 120;

/** Null when all of it holds; otherwise one sentence on what does not. */
export function broken({ stages, survived }: Pick<GatewayMemory, "stages" | "survived">): string | null {
  const over = stages.find((stage) => highestMiB(stage) > budgetMiB(stage));
  if (over !== undefined) {
    return `The isolate held ${highestMiB(over)} MiB at "${over.stage}"; ${budgetMiB(over)} MiB is its budget there.`;
  }
  if (!survived.sameIsolate) return "The isolate did not survive: another one answers now.";
  if (!survived.ready || !survived.sameHeap)
    return "The isolate's model did not survive: it was loaded again or is gone.";
  return null;
}

function budgetMiB({ id }: Stage): number {
  return id === "alternations" ? ALTERNATIONS_MIB : BUDGET_MIB;
}
