/** `spillway model pack`: makes a package for both sides from a model folder. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { EDGE_ENGINES, type EdgeEngineId } from "../../../../formats/model-package/manifest.ts";
import { stderrProgress } from "../../terminal/progress.ts";
import { gapInWords, packageLines, summaryRow } from "../package-summary.ts";
import { type Packed, packModel } from "./pack.ts";
import { packTools } from "./pack-tools.ts";
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
  acceptGap?: boolean;
}

/** Adds the subcommand `pack`. */
export function registerPack(model: Command, tools = packTools): void {
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
    .option(
      "--accept-gap",
      "pack an INT8 model whose logits are further from FP32 than is allowed; the manifest records it",
    )
    .action(async (folder: string, options: Options) => {
      const packed = await packModel({ folder, ...options }, stderrProgress(), tools);
      console.error(packSummary(packed));
      console.log(packed.modelId);
      console.error(`\nNext: npx spillway model sign ${options.out} --key <private.pem>`);
    });
}

function atLeast(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${minimum}.`);
  };
}

/** The packed model for people. */
function packSummary({ manifest, firstToken, edge: report }: Packed): string {
  return [
    ...packageLines(manifest, report?.refusal ?? null),
    ...(report === null || report.laneBound === null ? [] : [summaryRow("lane bound", report.laneBound)]),
    ...firstToken.map((outcome, index) => summaryRow(index === 0 ? "first token" : "", outcome)),
    ...(report?.gaps ?? []).map((gap, index) => summaryRow(index === 0 ? "INT8 to FP32" : "", gapInWords(gap))),
    "",
  ].join("\n");
}
