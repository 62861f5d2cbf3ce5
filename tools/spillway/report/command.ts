/** `spillway report`: what the ledger counted, as the experiment's table with intervals, reasons, labels and cost. */
import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { type Finding, findingsOf } from "../../../control-plane/report/findings.ts";
import { type Report, reportOf } from "../../../control-plane/report/report.ts";
import type { PolicyFacts } from "../../../control-plane/report/split.ts";
import { LedgerFormatError } from "../../../formats/ledger/varints.ts";
import { SAME_VERSION } from "../control-plane/ask.ts";
import { getLedger } from "../control-plane/get-ledger.ts";
import { addControlPlaneOptions, type ControlPlaneOptions, controlPlaneOf } from "../control-plane/url.ts";
import { paintFor } from "../terminal/colors.ts";
import { oneSentence } from "../terminal/one-sentence.ts";
import { reportMarkdown } from "./markdown.ts";
import { reportPage } from "./page.ts";
import { readPolicyFacts } from "./policy-facts.ts";
import { terminalLines } from "./terminal.ts";
import { parseTime, rangeOf, type Time } from "./time.ts";

interface Options extends ControlPlaneOptions {
  from: Time;
  to?: Time;
  compare?: string[];
  json?: true;
  markdown?: true;
  html?: string;
}

const DEFAULT_COLUMNS = 100;
const DEFAULT_FROM = "14d";

/** Adds `spillway report`. */
export function registerReport(program: Command): void {
  const report = program
    .command("report")
    .description("Compare the arms of the share: time, failures, labels and cost, with intervals.")
    .addOption(
      new Option("--from <time>", "a date, a time, or a length back such as 24h")
        .argParser(parseTime)
        .default(parseTime(DEFAULT_FROM), DEFAULT_FROM),
    )
    .option("--to <time>", "the end, exclusive (default: now)", parseTime)
    .option("--compare <versions...>", "two versions of the policy, or two models, side by side")
    .option("--json", "print the figures as JSON")
    .addOption(new Option("--markdown", "print Markdown, for a pull request").conflicts("json"))
    .option("--html <file>", "also write the report as one HTML file");
  addControlPlaneOptions(report)
    .addHelpText("after", "\nWhat to read, and when to stop: docs/guide/run-the-experiment.md.")
    .action(printReport);
}

async function printReport(options: Options, command: Command): Promise<void> {
  const nowMs = Date.now();
  const range = rangeOf(options.from, options.to ?? null, nowMs);
  if (range === null) command.error("error: --from is not before --to, or not before now.");
  const compare = twoOf(options.compare, command);
  const controlPlane = await controlPlaneOf(options, process.env);
  const answer = await getLedger({ ...controlPlane, ...range });
  const policies = answer.firstMs === null ? [] : await policiesOf(options);
  const report = read(() => reportOf({ answer, nowMs, policies, compare }));
  const findings = findingsOf(report);
  print(report, findings, options);
  if (options.html !== undefined) {
    await writeFile(options.html, await reportPage(report, findings));
    console.error(`Written to ${options.html}.`);
  }
}

function twoOf(names: readonly string[] | undefined, command: Command): [string, string] | null {
  if (names === undefined) return null;
  const [first, second, ...more] = names;
  if (first !== undefined && second !== undefined && more.length === 0) return [first, second];
  command.error("error: --compare takes two versions of the policy, as in --compare 6 7, or two models.");
}

/** The report does not depend on them: without them, the asked shares are unknown. */
async function policiesOf({ remote, env, url }: Options): Promise<PolicyFacts[]> {
  if (url !== undefined && !remote) return [];
  try {
    return await readPolicyFacts({ ...(remote && { remote }), ...(env !== undefined && { env }) });
  } catch (error) {
    console.error(`  ! The asked shares are unknown, because the policy cannot be read: ${oneSentence(error)}`);
    return [];
  }
}

function read(make: () => Report): Report {
  try {
    return make();
  } catch (error) {
    if (error instanceof LedgerFormatError)
      throw new Error(`The ledger's answer cannot be read: ${error.message}. ${SAME_VERSION}`);
    throw error;
  }
}

function print(report: Report, findings: readonly Finding[], { json, markdown }: Options): void {
  if (json) console.log(reportJson(report, findings));
  else if (markdown) console.log(reportMarkdown(report, findings).trimEnd());
  else {
    const paint = paintFor(process.stdout, process.env);
    for (const line of terminalLines(report, findings, process.stdout.columns ?? DEFAULT_COLUMNS, paint))
      console.log(line);
  }
}

/** Pure. The report without its curves, which only pictures need. */
export function reportJson({ curves: _, ...figures }: Report, findings: readonly Finding[]): string {
  const rounded = (_key: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  return JSON.stringify({ ...figures, findings }, rounded, 2);
}
