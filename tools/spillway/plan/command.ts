/** `spillway plan`: what moving to Spillway would bring, from texts or logs, before anything moves. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { CHECKOUT_FOLDER } from "../../process/checkout.ts";
import { readSettings } from "../../process/local-settings.ts";
import { readUserText } from "../../process/read-text.ts";
import { headline, sentenceLines } from "../report/terminal.ts";
import { type Paint, paintFor } from "../terminal/colors.ts";
import { stderrProgress } from "../terminal/progress.ts";
import { type Article, articleOf, articleSums } from "./article.ts";
import { ASSUMPTION_NAMES, type AssumptionName, isAssumption } from "./assumptions.ts";
import { parseReport } from "./calibration.ts";
import { DISTILBERT, edgeModelOf, tokenCounterOf } from "./edge-model.ts";
import { FORMAT_NAMES } from "./input/formats.ts";
import { readInputs } from "./input/read-inputs.ts";
import { planLines } from "./lines.ts";
import { planPage } from "./page.ts";
import { type PlanInput, planOf } from "./plan.ts";

interface Options {
  from?: string[];
  format: string;
  package?: string;
  requestsPerMonth?: number;
  calibrate?: string;
  assume?: ReadonlyMap<AssumptionName, number>;
  article?: true;
  json?: true;
  html?: string;
}

const DEFAULT_COLUMNS = 100;
const MAX_COLUMNS = 110;

/** Adds `spillway plan`. @param texts how many texts are simulated; tests of what it prints need few */
export function registerPlan(program: Command, texts?: PlanInput["texts"]): void {
  program
    .command("plan")
    .description("Predict time, CPU, bill and cold starts of Lambda and of Spillway, from texts or logs.")
    .option("--from <files...>", "texts or logs, gzip or not; - for standard input; a log and texts together are best")
    .addOption(new Option("--format <name>", "format of the files").choices(["auto", ...FORMAT_NAMES]).default("auto"))
    .option("--package <folder>", "your packed model (default: DistilBERT's measured times, the demo's tokenizer)")
    .option("--requests-per-month <number>", "default: the log's rate, or 2,500,000", positive)
    .option("--calibrate <report.json>", "what spillway report --json printed: it replaces assumptions")
    .option("--assume <name=value>", `replaces an assumption (repeatable): ${ASSUMPTION_NAMES.join(", ")}`, assumed)
    .addOption(
      new Option("--article", "the published experiment by its own figures").conflicts(["from", "calibrate", "html"]),
    )
    .option("--json", "print the plan as JSON")
    .option("--html <file>", "also write the plan as one HTML file")
    .addHelpText("after", "\nFormats, assumptions and how to read a plan: docs/guide/plan.md.")
    .action((options: Options, command: Command) => run(options, command, texts));
}

async function run(options: Options, command: Command, texts: PlanInput["texts"]): Promise<void> {
  if (options.article === true) return printArticle(options);
  const { from } = options;
  if (from === undefined) command.error("error: pass --from with texts or logs, or --article.");
  const folder = resolve(CHECKOUT_FOLDER, options.package ?? readSettings(process.env).modelFolder);
  const progress = stderrProgress();
  const edge = options.package === undefined ? DISTILBERT : await edgeModelOf(resolve(options.package));
  const count = await tokenCounterOf(options.package === undefined ? folder : resolve(options.package));
  const inputs = await progress.step(`reading ${from.join(", ")}`, 1, () => readInputs(from, options.format, count));
  const report =
    options.calibrate === undefined ? null : parseReport(await readUserText(options.calibrate), options.calibrate);
  const { plan, options: evaluated } = await progress.step("simulating", 1, () =>
    planOf({
      inputs,
      edge,
      requestsPerMonth: options.requestsPerMonth ?? null,
      report,
      given: options.assume ?? new Map(),
      ...(texts && { texts }),
    }),
  );
  if (options.json) console.log(JSON.stringify(plan, rounded, 2));
  else {
    const paint = paintFor(process.stdout, process.env);
    for (const line of planLines(plan, process.stdout.columns ?? DEFAULT_COLUMNS, paint)) console.log(line);
  }
  if (options.html === undefined) return;
  await writeFile(options.html, await planPage(plan, evaluated));
  console.error(`Written to ${options.html}.`);
}

async function printArticle({ json, package: folder }: Options): Promise<void> {
  const article = articleOf(folder === undefined ? DISTILBERT : await edgeModelOf(resolve(folder)));
  if (json) console.log(JSON.stringify(article, null, 2));
  else {
    const paint = paintFor(process.stdout, process.env);
    for (const line of articleLines(article, process.stdout.columns ?? DEFAULT_COLUMNS, paint)) console.log(line);
  }
}

/** The published experiment. */
function articleLines(article: Article, columns: number, paint: Paint): string[] {
  const width = Math.min(MAX_COLUMNS, columns);
  return [
    headline("The published experiment", `prices of ${article.pricesAsOf}`, width, paint),
    ...articleSums(article).flatMap(({ title, lines }) => [
      "",
      paint("bold", title),
      ...sentenceLines(lines, "", width, (line) => line),
    ]),
  ];
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

function positive(text: string): number {
  const value = Number(text.replaceAll(/[_,]/g, ""));
  if (text.trim() !== "" && value >= 1 && value <= 1e12) return value;
  throw new InvalidArgumentError("It must be a number of at least 1, as in 2500000.");
}

function assumed(
  text: string,
  before: ReadonlyMap<AssumptionName, number> = new Map(),
): ReadonlyMap<AssumptionName, number> {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(0, at));
  const value = Number(text.slice(at + 1));
  if (!isAssumption(name))
    throw new InvalidArgumentError(`It must be one of ${ASSUMPTION_NAMES.join(", ")}, as in edge-time=1.5.`);
  if (text.slice(at + 1).trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError(`The value of ${name} must be a number of at least 0.`);
  return new Map(before).set(name, value);
}
