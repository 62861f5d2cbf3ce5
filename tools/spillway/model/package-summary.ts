/** Pure. A package's manifest for people. */
import {
  type AcceptedGap,
  type EdgeEntry,
  MAX_EDGE_HEAP_BYTES,
  type Manifest,
  windowTokensOf,
} from "../../../formats/model-package/manifest.ts";

const MIB = 2 ** 20;
const SHOWN_TOKENS = [32, 64, 128, 256] as const;
const KEY_WIDTH = 14;
const MAX_LABELS_SHOWN = 12;

/** @param refusal why spillway-engine does not serve; null if it does, or if that is not known */
export function packageLines(manifest: Manifest, refusal: string | null = null): string[] {
  const { name, version, labels, files, edge, edgeFallback, problemType, acceptedGaps = [] } = manifest;
  const widest = Math.max(...files.map((file) => file.name.length));
  const kind = problemType === "multi_label_classification" ? "multi-label" : "single-label";
  return [
    "",
    `  ${name}, version ${version}: ${labels.length} labels, ${kind}`,
    "",
    ...files.map((file) => `  ${file.name.padEnd(widest)}  ${size(file.sizeBytes).padStart(10)}`),
    "",
    summaryRow("labels", shownLabels(labels)),
    ...(edge === null ? [summaryRow("edge", "none: every text goes to the origin")] : edgeLines(edge, refusal)),
    ...(edgeFallback === null
      ? []
      : [
          summaryRow(
            "fallback",
            `${edgeFallback.engine}, up to ${edgeFallback.maxTokens} tokens, ${heap(edgeFallback)}`,
          ),
        ]),
    summaryRow("origin", `windows of up to ${windowTokensOf(manifest)} tokens`),
    ...acceptedGaps.map((gap) => summaryRow("accepted gap", `${gapInWords(gap)}; FP32's own by ${digits(gap.spread)}`)),
  ];
}

/** @returns one line of the summary */
export function summaryRow(key: string, value: string): string {
  return `  ${key.padEnd(KEY_WIDTH)}${value}`;
}

/** How far an INT8 model is from FP32. */
export function gapInWords({ engine, mean, largest }: AcceptedGap): string {
  return `${engine}: logits differ by ${digits(mean)} on average, ${digits(largest)} at most, on random tokens`;
}

function digits(value: number): string {
  return value.toPrecision(2);
}

function shownLabels(labels: readonly string[]): string {
  const more = labels.length - MAX_LABELS_SHOWN;
  return [...labels.slice(0, MAX_LABELS_SHOWN), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

function edgeLines(edge: EdgeEntry, refusal: string | null): string[] {
  return [
    summaryRow("edge engine", refusal === null ? edge.engine : `${edge.engine}, not spillway-engine: ${refusal}`),
    summaryRow("edge tokens", `up to ${edge.maxTokens}; longer texts go to the origin`),
    summaryRow("edge heap", heap(edge)),
    ...times(edge),
  ];
}

function heap({ engine, heapBytes }: EdgeEntry): string {
  return `${(heapBytes / MIB).toFixed(1)} of ${MAX_EDGE_HEAP_BYTES[engine] / MIB} MiB`;
}

function times({ maxTokens, timeMs }: EdgeEntry): string[] {
  const counts = [...SHOWN_TOKENS.filter((tokens) => tokens < maxTokens), maxTokens];
  const cell = (text: string) => text.padStart(9);
  return [
    summaryRow("edge time", counts.map((tokens) => cell(`${tokens} tok`)).join("")),
    summaryRow("", counts.map((tokens) => cell(`${predictedMs(timeMs, tokens).toFixed(0)} ms`)).join("")),
  ];
}

function predictedMs({ base, perToken, perTokenSquared }: EdgeEntry["timeMs"], tokens: number): number {
  return Math.max(0, base + perToken * tokens + perTokenSquared * tokens ** 2);
}

function size(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1e3).toFixed(2)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
