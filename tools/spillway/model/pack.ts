/** `spillway model pack`: a model folder becomes a package for both sides. */
import { type Command, InvalidArgumentError } from "commander";
import { EDGE_TOKENS_MAX, packModel } from "../../../models/pack/pack.ts";
import { stderrProgress } from "../../../models/pack/progress.ts";
import { packSummary } from "../../../models/pack/summary.ts";
import { TOKENS_MIN } from "../../../models/pack/token-limit.ts";

interface Options {
  out: string;
  name?: string;
  version?: number;
  maxTokens?: number;
  quantized?: string;
  originOnly?: boolean;
}

export function registerPack(model: Command): void {
  model
    .command("pack")
    .description("Make a package of a text classifier in ONNX: checked, converted for the edge, and measured.")
    .argument(
      "<folder>",
      "the model: config.json, tokenizer.json, model.onnx, and model_quantized.onnx if there is one",
    )
    .requiredOption("--out <package>", "folder of the package; one that stands there is replaced when all is done")
    .option("--name <name>", "the model's name (default: the package folder's)")
    .option(
      "--version <number>",
      "the package's version (default: one more than that of the package replaced)",
      atLeast(1),
    )
    .option("--max-tokens <number>", `the most tokens at the edge (default: ${EDGE_TOKENS_MAX})`, atLeast(TOKENS_MIN))
    .option("--quantized <file>", "the INT8 model, where it is not model_quantized.onnx or model_int8.onnx")
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
