/** `spillway model evaluate`: a package on labelled texts, through the runtimes that serve; fails if INT8 loses too much accuracy. */
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { stderrProgress } from "../../terminal/progress.ts";
import { type DataOptions, readLabelledTexts } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import { openRuntimes } from "./runtimes.ts";
import { evaluationTable } from "./table.ts";

const MAX_DROP_POINTS = 0.4;

interface Options extends DataOptions {
  data: string;
  maxDrop: number;
  threshold?: number;
  json?: boolean;
}

/** Adds the subcommand `evaluate`. */
export function registerEvaluate(model: Command): void {
  model
    .command("evaluate")
    .description("Run labelled texts through a package's models: accuracy, F1, and INT8 against FP32.")
    .argument("<package>", "folder that spillway model pack wrote")
    .requiredOption(
      "--data <file.jsonl>",
      'lines of {"text": "…", "label": "…"}, with "labels": […] for a multi-label model, and "text_pair": "…" for pairs',
    )
    .option("--where <field=value>", "only lines with this value in this field", condition)
    .option("--limit <number>", "at most this many lines, spread evenly over the file", wholeNumber)
    .option("--max-drop <points>", "points of accuracy that INT8 may lose against FP32", points, MAX_DROP_POINTS)
    .option("--threshold <score>", "lowest score of a predicted label, for a multi-label model (default: 0.5)", score)
    .option("--json", "print the evaluation as JSON")
    .action(run);
}

async function run(folder: string, { data, where, limit, maxDrop, threshold, json }: Options): Promise<void> {
  const runtimes = await openRuntimes(folder);
  if (threshold !== undefined && runtimes.problemType !== "multi_label_classification") {
    throw new Error(
      `--threshold is for multi-label models; ${folder} is a single-label model, which predicts the label with the highest score.`,
    );
  }
  const texts = await readLabelledTexts(data, runtimes, { where, limit });
  const evaluation = await stderrProgress().step(`evaluating ${texts.length} texts`, texts.length, (advance) =>
    evaluate(runtimes, texts, () => advance(), threshold),
  );
  console.log(json ? JSON.stringify(evaluation, null, 2) : evaluationTable(evaluation, `texts of ${basename(data)}`));
  const { lossPoints } = evaluation;
  if (lossPoints !== null && lossPoints > maxDrop) {
    throw new Error(
      `INT8 loses ${lossPoints.toFixed(2)} points of accuracy against FP32; at most ${maxDrop} are allowed (--max-drop). Quantize fewer operators, or train the model for INT8.`,
    );
  }
}

function condition(text: string): DataOptions["where"] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be a field and a value, such as split=test.");
  return { field: text.slice(0, at), value: text.slice(at + 1) };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

function score(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}

function points(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0) return value;
  throw new InvalidArgumentError("It must be a number of at least 0.");
}
