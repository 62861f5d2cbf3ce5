/** `spillway model pack`: makes a package for both sides from a model folder. */
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  EDGE_ENGINES,
  type EdgeEngineId,
  type EdgeEntry,
  MAX_EDGE_HEAP_BYTES,
} from "../../../../formats/model-package/manifest.ts";
import { stderrProgress } from "../../terminal/progress.ts";
import { type Packed, packModel } from "./pack.ts";
import { MIN_TOKENS } from "./token-limit.ts";

interface Options {
  out: string;
  name?: string;
  version?: number;
  maxTokens?: number;
  engine?: EdgeEngineId;
  withFallback?: boolean;
  quantized?: string;
  originOnly?: boolean;
}

/** Adds the subcommand `pack`. */
export function registerPack(model: Command): void {
  model
    .command("pack")
    .description("Make a package from a text classifier in ONNX: check it, convert it for the edge, and measure it.")
    .argument("<folder>", "the model: config.json, tokenizer.json, model.onnx, and optionally model_quantized.onnx")
    .requiredOption("--out <package>", "folder of the package; a package there is replaced at the end")
    .option("--name <name>", "the model's name (default: the name of the package folder)")
    .option("--version <number>", "the package's version (default: one more than the replaced package's)", atLeast(1))
    .option(
      "--max-tokens <number>",
      "most tokens of a text at the edge (default: what fits, up to 512; with onnxruntime-web up to 256)",
      atLeast(MIN_TOKENS),
    )
    .addOption(
      new Option("--engine <name>", "what runs the model at the edge (default: spillway-engine if it can)").choices(
        EDGE_ENGINES,
      ),
    )
    .option("--with-fallback", "store onnxruntime-web's file too, for runtimes without relaxed SIMD")
    .option(
      "--quantized <file>",
      "the INT8 model of onnxruntime-web, if it is not model_quantized.onnx or model_int8.onnx",
    )
    .option("--origin-only", "make no edge file: every text goes to the origin")
    .action(pack);
}

async function pack(folder: string, options: Options): Promise<void> {
  const packed = await packModel({ folder, ...options }, stderrProgress());
  console.error(packSummary(packed));
  console.log(packed.modelId);
  console.error(`\nNext: npx spillway model sign ${options.out} --key <private.pem>`);
}

function atLeast(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${minimum}.`);
  };
}

const MIB = 2 ** 20;
const SHOWN_TOKENS = [32, 64, 128, 256] as const;
const KEY_WIDTH = 14;

/** The packed model for people. */
function packSummary({ manifest, firstToken, edge: report }: Packed): string {
  const { name, version, labels, files, edge, edgeFallback, problemType } = manifest;
  const widest = Math.max(...files.map((file) => file.name.length));
  const kind = problemType === "multi_label_classification" ? "multi-label" : "single-label";
  return [
    "",
    `  ${name}, version ${version}: ${labels.length} labels, ${kind}`,
    "",
    ...files.map((file) => `  ${file.name.padEnd(widest)}  ${size(file.sizeBytes).padStart(10)}`),
    "",
    ...(edge === null || report === null
      ? [row("edge", "none: every text goes to the origin")]
      : [
          row(
            "edge engine",
            report.refusal === null ? edge.engine : `${edge.engine}, not spillway-engine: ${report.refusal}`,
          ),
          ...(report.laneBound === null ? [] : [row("lane bound", report.laneBound)]),
          row("edge tokens", `up to ${edge.maxTokens}; longer texts go to the origin`),
          row("edge heap", heap(edge)),
          ...times(edge),
          ...(edgeFallback === null
            ? []
            : [
                row(
                  "fallback",
                  `${edgeFallback.engine}, up to ${edgeFallback.maxTokens} tokens, ${heap(edgeFallback)}`,
                ),
              ]),
        ]),
    ...firstToken.map((outcome, index) => row(index === 0 ? "first token" : "", outcome)),
    ...(report?.gaps ?? []).map(({ engine, mean, largest }, index) =>
      row(
        index === 0 ? "INT8 to FP32" : "",
        `${engine}: logits differ by ${mean.toPrecision(2)} on average, ${largest.toPrecision(2)} at most, on random tokens`,
      ),
    ),
    "",
  ].join("\n");
}

function heap({ engine, heapBytes }: EdgeEntry): string {
  return `${(heapBytes / MIB).toFixed(1)} of ${MAX_EDGE_HEAP_BYTES[engine] / MIB} MiB`;
}

function times({ maxTokens, timeMs }: EdgeEntry): string[] {
  const counts = [...SHOWN_TOKENS.filter((tokens) => tokens < maxTokens), maxTokens];
  const cell = (text: string) => text.padStart(9);
  return [
    row("edge time", counts.map((tokens) => cell(`${tokens} tok`)).join("")),
    row("", counts.map((tokens) => cell(`${predictedMs(timeMs, tokens).toFixed(0)} ms`)).join("")),
  ];
}

function predictedMs({ base, perToken, perTokenSquared }: EdgeEntry["timeMs"], tokens: number): number {
  return Math.max(0, base + perToken * tokens + perTokenSquared * tokens ** 2);
}

function row(key: string, value: string): string {
  return `  ${key.padEnd(KEY_WIDTH)}${value}`;
}

function size(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1e3).toFixed(2)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
