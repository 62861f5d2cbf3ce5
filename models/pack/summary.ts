/** Pure. What was packed, for people. */
import { EDGE_HEAP_MAX_BYTES, type TokenModel } from "../manifest.ts";
import type { Packed } from "./pack.ts";

const MIB = 2 ** 20;
const SHOWN_TOKENS = [32, 64, 128, 256] as const;
const KEY_WIDTH = 14;

export function packSummary({ manifest, firstToken, largestGap }: Packed): string {
  const { name, version, labels, files, edge, problemType } = manifest;
  const widest = Math.max(...files.map((file) => file.name.length));
  const kind = problemType === "multi_label_classification" ? "multi-label" : "single-label";
  return [
    "",
    `  ${name}, version ${version}: ${labels.length} labels, ${kind}`,
    "",
    ...files.map((file) => `  ${file.name.padEnd(widest)}  ${size(file.sizeBytes).padStart(10)}`),
    "",
    ...(edge === null
      ? [row("edge", "none: every text goes to the origin")]
      : [
          row("edge tokens", `up to ${edge.maxTokens}, longer texts spill`),
          row("edge heap", `${(edge.heapBytes / MIB).toFixed(1)} of ${EDGE_HEAP_MAX_BYTES / MIB} MiB`),
          ...times(edge.maxTokens, edge.timeMs),
        ]),
    ...firstToken.map((outcome, index) => row(index === 0 ? "first token" : "", outcome)),
    ...(largestGap === null
      ? []
      : [row("INT8 to FP32", `logits within ${largestGap.toPrecision(2)} on random tokens`)]),
    "",
  ].join("\n");
}

function times(maxTokens: number, model: TokenModel): string[] {
  const counts = [...SHOWN_TOKENS.filter((tokens) => tokens < maxTokens), maxTokens];
  const cell = (text: string) => text.padStart(9);
  return [
    row("edge time", counts.map((tokens) => cell(`${tokens} tok`)).join("")),
    row("", counts.map((tokens) => cell(`${predictedMs(model, tokens).toFixed(0)} ms`)).join("")),
  ];
}

function predictedMs({ base, perToken, perTokenSquared }: TokenModel, tokens: number): number {
  return Math.max(0, base + perToken * tokens + perTokenSquared * tokens ** 2);
}

function row(key: string, value: string): string {
  return `  ${key.padEnd(KEY_WIDTH)}${value}`;
}

function size(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1e3).toFixed(2)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
