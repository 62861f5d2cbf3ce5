/** The result, tables and notes of the bench `memory`, and whether the budget holds. Pure. */
import type { EdgeEngineId } from "../../../formats/model-package/manifest.ts";
import { hundredths } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import type { Speed } from "./compare-plain.ts";
import type { Answers, GatewayMemory } from "./gateway-memory.ts";
import type { HeapParts } from "./heap-parts.ts";
import { type Counted, highestMiB, type Stage } from "./stage.ts";

/**
 * At DistilBERT's size, in every stage: the load, texts of the package's limit, mixed requests and alternations. The platform's limit is
 * 128 MB, JavaScript and wasm together.
 */
export const BUDGET_MIB: Record<EdgeEngineId, number> = { "spillway-engine": 98, "onnxruntime-web": 112 };
/** Through a thousand alternations without a pause V8's garbage may use part of what the budget leaves free. */
const ALTERNATIONS_MIB: Record<EdgeEngineId, number> = { "spillway-engine": 98, "onnxruntime-web": 120 };

export interface MemoryResult extends GatewayMemory {
  model: string;
  engine: EdgeEngineId;
  /** The package's limit at the edge. */
  maxTokens: number;
  limitMiB: number;
  budgetMiB: number;
  /** Whether the isolate stayed within the budget and survived. */
  holds: boolean;
  /** Size of the model's file: the least that any engine must hold. */
  weightsMiB: number;
  heapParts: HeapParts;
  /** Null if it was not measured. */
  plain: PlainResult | null;
}

/** The plain Worker's memory, and its comparison with the gateway. */
export interface PlainResult extends Counted {
  weightsMiB: number;
  /** Between its logits and Spillway's, for the same texts. */
  largestLogitDifference: number;
  speed: Speed[];
  over: Ratios;
}

/** The plain Worker's memory, divided by the gateway's. */
interface Ratios {
  peak: number;
  stages: { id: string; highest: number }[];
}

/** For the stages that both have. */
export function ratios(plain: Counted, spillway: Counted): Ratios {
  const stages = plain.stages.flatMap((stage) => {
    const other = spillway.stages.find(({ id }) => id === stage.id);
    return other === undefined ? [] : [{ id: stage.id, highest: hundredths(highestMiB(stage) / highestMiB(other)) }];
  });
  return { peak: hundredths(plain.peakMiB / spillway.peakMiB), stages };
}

/** The result as it is printed, in MiB. */
export function memoryTables(result: MemoryResult): Table[] {
  const { plain, budgetMiB, peakMiB, limitMiB } = result;
  const title = `Memory of the gateway's isolate in MiB: peak ${peakMiB}, budget ${budgetMiB}, limit ${limitMiB}`;
  const gateway = stageTable(title, result.stages, limitMiB);
  const answers: Table = {
    title: "Answers",
    header: ["requests", "answers"],
    rows: [
      ...result.tooLong.map(({ tokens, answers }) => [`${tokens} tokens`, answersText(answers)]),
      ["mixed", answersText(result.mixed.answers)],
      [`${result.alternations.tokens.join(" and ")} tokens, alternating`, answersText(result.alternations.answers)],
    ],
  };
  const parts = heapTable(result.heapParts);
  if (plain === null) return [gateway, parts, answers];
  const speed: Table = {
    title: "p50 in ms, in alternation: the model's run by the Worker's clock, and the answer by the caller's clock",
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
  const plainStages = stageTable(
    `Memory of the plain Worker in MiB: ${plain.over.peak} times as much`,
    plain.stages,
    limitMiB,
  );
  return [gateway, parts, answers, plainStages, speed];
}

function heapTable({ runtimeMiB, weightsMiB, sessionMiB, activations }: HeapParts): Table {
  return {
    title: "Parts of the wasm heap",
    header: ["part", "MiB"],
    rows: [
      ["runtime: static data, stack, initialization", runtimeMiB],
      ["weights, in place", weightsMiB],
      ["session: graph, operators, registries (onnxruntime-web only)", sessionMiB],
      ...activations.map(({ tokens, mib }) => [`a run of ${tokens} tokens, in addition`, mib]),
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

function answersText(answers: Readonly<Answers>): string {
  return Object.entries(answers)
    .map(([answer, times]) => `${times} × ${answer}`)
    .join(", ");
}

/** How the numbers were counted, and whether the budget holds. */
export function notes({ engine, wasm, survived, plain, holds, budgetMiB }: MemoryResult): string[] {
  const counting = wasm.backingStorageIncludesIt
    ? "V8's backingStorageSize grew by the whole wasm heap during the load, so the heap is subtracted from it."
    : "V8's backingStorageSize did not grow by the wasm heap during the load (V8 does not count shared memory), so the heap is added to it.";
  const { sameIsolate, sameHeap, ready } = survived;
  return [
    "total = wasm heap (memory.buffer.byteLength) + the inspector's usedSize + embedderHeapUsedSize + backingStorageSize of the Worker's isolate.",
    counting,
    "Every trace, log and metric is exported meanwhile, to a receiver on this machine.",
    "usedSize includes garbage that V8 has not collected; no collection is forced.",
    "A peak counts the wasm heap at its size after the stage, even before it was allocated, so it is never too small.",
    "The isolate's thread answers no reading while it works. longestGapMs is the longest time without a reading; boundMiB is an upper bound for that time, with the whole size of V8's heap, used or not.",
    "Not counted, because V8 does not report them: the compiled code and the bytes of the wasm module. workerd enforces no limit on this machine.",
    `The budget (${budgetMiB} MiB, and ${ALTERNATIONS_MIB[engine]} through the alternations) ${holds ? "holds" : "does not hold"}; at the end: ${sameIsolate ? "the same isolate" : "ANOTHER ISOLATE"}, ${sameHeap ? "the same heap" : "ANOTHER HEAP"}, ${ready ? "ready" : "NOT READY"}.`,
    ...(plain === null ? [] : plainNotes(plain.largestLogitDifference)),
  ];
}

function plainNotes(difference: number): string[] {
  return [
    "The plain Worker is stock onnxruntime-web by its public API: arrayBuffer() of the file, InferenceSession.create(bytes), one thread. It does not verify or tokenize; it receives token ids.",
    `The largest difference between their logits for the same texts is ${difference.toExponential(1)}.`,
  ];
}

/** @returns null if the isolate stayed within its budget and survived, otherwise one sentence on what it broke */
export function broken(
  { stages, survived }: Pick<GatewayMemory, "stages" | "survived">,
  engine: EdgeEngineId,
): string | null {
  const over = stages.find((stage) => highestMiB(stage) > budgetOf(stage, engine));
  if (over !== undefined) {
    return `The isolate held ${highestMiB(over)} MiB at stage "${over.stage}"; the budget of that stage is ${budgetOf(over, engine)} MiB.`;
  }
  if (!survived.sameIsolate) return "The isolate did not survive: another isolate answers now.";
  if (!survived.ready || !survived.sameHeap) {
    return "The isolate's model did not survive: it was loaded again or is missing.";
  }
  return null;
}

function budgetOf({ id }: Stage, engine: EdgeEngineId): number {
  return (id === "alternations" ? ALTERNATIONS_MIB : BUDGET_MIB)[engine];
}
