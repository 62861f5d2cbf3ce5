/** The numbers of the bench `engine` as JSON and as tables. Pure. */
import { hundredths, mib, percentile } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import { MAIL_TAGGER } from "../held-out-mails.ts";
import type { Accuracy } from "./accuracy.ts";
import type { Batch } from "./batches.ts";

export const NOTES = [
  "Engine and stock run in workerd, each in an isolate; native runs in this Node process on one thread. Within a length they alternate, so noise of the machine affects all of them.",
  "A sample is as many runs as fill 100 ms, by workerd's own clock. Ratios are of minima; medians have the suffix P50.",
  "Stock and native INT8 run the same ONNX Runtime file, which was quantized from the same FP32 model as the engine's weights.",
  "The engine computes the last layer for the first token only; the other files compute all of it. GMAC/s counts what the engine computes.",
  "Short texts of one request run together; the same Worker runs them one after another, in alternation.",
  "Parts are measured in Node with bounds checks in software, as workerd has them, with a clock around each kernel call.",
];

type Name = "engine" | "stock" | "nativeInt8" | "nativeFp32";

/** Milliseconds by kernel, of the fastest of a few runs. */
export interface PartTimes {
  tokens: number;
  ms: Record<string, number>;
}

interface LengthTimes {
  tokens: number;
  /** Milliseconds of a run, one per round. */
  samples: Record<Name, readonly number[]>;
}

interface Load {
  callerMs: number;
  heapBytes: number;
}

interface Measured {
  model: string;
  /** Samples per length and runner. */
  rounds: number;
  /** Of the engine's file. */
  weightBytes: number;
  times: readonly LengthTimes[];
  batches: readonly Batch[];
  /** Multiply-adds of the engine's products for one text. */
  multiplyAdds(tokens: number): number;
  accuracy: readonly Accuracy[];
  parts: readonly PartTimes[];
  load: Record<"engine" | "stock", Load>;
}

/** @returns the object that is printed with --json; field names are stable */
export function engineResult({ times, multiplyAdds, ...rest }: Measured) {
  const lengths = times.map(({ tokens, samples }) => {
    const least = (name: Name) => percentile(samples[name], 0);
    const median = (name: Name) => percentile(samples[name], 50);
    const ratio = (other: Name) => hundredths(least("engine") / least(other));
    return {
      tokens,
      engineMs: hundredths(least("engine")),
      stockMs: hundredths(least("stock")),
      nativeInt8Ms: hundredths(least("nativeInt8")),
      nativeFp32Ms: hundredths(least("nativeFp32")),
      engineMsP50: hundredths(median("engine")),
      stockMsP50: hundredths(median("stock")),
      nativeInt8MsP50: hundredths(median("nativeInt8")),
      nativeFp32MsP50: hundredths(median("nativeFp32")),
      engineOverStock: ratio("stock"),
      engineOverNativeInt8: ratio("nativeInt8"),
      engineOverNativeFp32: ratio("nativeFp32"),
      engineOverStockP50: hundredths(median("engine") / median("stock")),
      gmacPerSecond: hundredths(multiplyAdds(tokens) / least("engine") / 1e6),
    };
  });
  return { ...rest, lengths };
}

/** At DistilBERT's size, in ratios of minima; texts that run as one must be faster than one after another. */
const PROMISES = { engineOverStock: 0.36, engineOverNativeInt8: 1.3, togetherOverOneByOne: 1 } as const;

/** @returns the promises that the numbers break, in one sentence; null if none */
export function problemOf(result: ReturnType<typeof engineResult>): string | null {
  const broken = [...brokenByTimes(result), ...brokenByLabels(result.accuracy)];
  return broken.length === 0 ? null : `The engine breaks its promises: ${broken.join("; ")}.`;
}

/** Random weights have no labels to keep, so the promise is of the mail tagger. */
function brokenByLabels(accuracy: readonly Accuracy[]): string[] {
  return accuracy
    .filter(
      ({ model, labelsChanged, stockLabelsChanged }) =>
        model === MAIL_TAGGER.name && labelsChanged > stockLabelsChanged,
    )
    .map(
      ({ count, labelsChanged, stockLabelsChanged }) =>
        `${labelsChanged} of ${count} mails get another label than with FP32, and ${stockLabelsChanged} with onnxruntime-web`,
    );
}

function brokenByTimes({ model, lengths, batches }: ReturnType<typeof engineResult>): string[] {
  if (!model.startsWith("distilbert@")) return [];
  return [
    ...lengths
      .filter(({ engineOverStock }) => engineOverStock > PROMISES.engineOverStock)
      .map(({ tokens, engineOverStock }) => `${engineOverStock} of onnxruntime-web's time at ${tokens} tokens`),
    ...lengths
      .filter(({ engineOverNativeInt8 }) => engineOverNativeInt8 > PROMISES.engineOverNativeInt8)
      .map(({ tokens, engineOverNativeInt8 }) => `${engineOverNativeInt8} of native INT8's at ${tokens} tokens`),
    ...batches
      .filter(({ togetherOverOneByOne }) => togetherOverOneByOne >= PROMISES.togetherOverOneByOne)
      .map(({ texts, tokens }) => `${texts} texts of ${tokens} tokens are no faster as one run`),
  ];
}

/** @returns the same numbers for people */
export function engineTables({ lengths, batches, accuracy, parts, load }: ReturnType<typeof engineResult>): Table[] {
  return [
    {
      title: "Time of a run in ms, minimum (median)",
      header: [
        "tokens",
        "engine",
        "stock",
        "native INT8",
        "native FP32",
        "engine/stock",
        "engine/native INT8",
        "GMAC/s",
      ],
      rows: lengths.map((row) => [
        row.tokens,
        `${row.engineMs} (${row.engineMsP50})`,
        `${row.stockMs} (${row.stockMsP50})`,
        `${row.nativeInt8Ms} (${row.nativeInt8MsP50})`,
        `${row.nativeFp32Ms} (${row.nativeFp32MsP50})`,
        row.engineOverStock,
        row.engineOverNativeInt8,
        row.gmacPerSecond,
      ]),
    },
    {
      title: "Short texts in workerd, all of them in ms, minimum (median)",
      header: ["texts", "tokens each", "together", "one after another", "together/one after another"],
      rows: batches.map((row) => [
        row.texts,
        row.tokens,
        `${row.togetherMs} (${row.togetherMsP50})`,
        `${row.oneByOneMs} (${row.oneByOneMsP50})`,
        row.togetherOverOneByOne,
      ]),
    },
    {
      title: "Against the FP32 model",
      header: ["texts", "engine", "labels changed", "mean logit gap", "largest"],
      rows: accuracy.flatMap(({ count, texts, ...gap }) => [
        [`${count} ${texts}`, "spillway-engine", gap.labelsChanged, gap.meanGap.toFixed(4), gap.maxGap.toFixed(3)],
        ["", "stock INT8", gap.stockLabelsChanged, gap.stockMeanGap.toFixed(4), gap.stockMaxGap.toFixed(3)],
      ]),
    },
    {
      title: "The engine's time by kernel in ms",
      header: ["tokens", "kernel", "ms"],
      rows: parts.flatMap(({ tokens, ms }) =>
        Object.entries(ms)
          .sort(([, a], [, b]) => b - a)
          .map(([kernel, spent]) => [tokens, kernel, hundredths(spent)]),
      ),
    },
    {
      title: "Load from local R2",
      header: ["engine", "ms", "wasm heap in MiB"],
      rows: Object.entries(load).map(([name, { callerMs, heapBytes }]) => [name, Math.round(callerMs), mib(heapBytes)]),
    },
  ];
}
