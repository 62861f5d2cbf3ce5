/** `spillway explain`: where a text would go and why, rule by rule, by the very function that decides in the Worker. */
import { readFile } from "node:fs/promises";
import { styleText } from "node:util";
import { type Command, InvalidArgumentError, Option } from "commander";
import { decide, factsOf, otherSide } from "../../gateway/decide/decide.ts";
import type { Conditions, TextNumbers } from "../../gateway/decide/facts.ts";
import type { Route } from "../../gateway/decide/route.ts";
import { RULES } from "../../gateway/decide/rules.ts";
import { defaultPolicy, parsePolicy } from "../../policies/parse.ts";
import type { Policy } from "../../policies/schema.ts";
import { readSettings } from "../start/settings.ts";
import { packageNumbers } from "./package-numbers.ts";

interface Options {
  text: string;
  policy?: string;
  share?: number;
  country?: string;
  eu?: true;
  apiKey?: string;
  edge: "ready" | "cold" | "rejected";
  edgeBreaker: "closed" | "open";
  queueMs: number;
  originBreaker: "closed" | "open";
  originP95Ms?: number;
}

const NOW_MS = 0;

export function registerExplain(program: Command): void {
  program
    .command("explain")
    .description("Show where a text would go, and what each rule says of it.")
    .requiredOption("--text <text>", "the text to classify; it is counted by the package's tokenizer")
    .option("--policy <file>", "policy document; the defaults unless given")
    .option("--share <percent>", "edge.share instead of the policy's", percent)
    .option("--country <code>", "the caller's country, two letters", country)
    .option("--eu", "the country is in the European Union")
    .option("--api-key <key>", "what the split goes by; the text unless given")
    .addOption(
      new Option("--edge <state>", "the isolate's model").choices(["ready", "cold", "rejected"]).default("ready"),
    )
    .addOption(new Option("--edge-breaker <state>", "").choices(["closed", "open"]).default("closed"))
    .option("--queue-ms <ms>", "how long it would wait for the edge model", number, 0)
    .addOption(new Option("--origin-breaker <state>", "").choices(["closed", "open"]).default("closed"))
    .option("--origin-p95-ms <ms>", "the origin's recent P95; unknown unless given", number)
    .action(explain);
}

async function explain(options: Options): Promise<void> {
  const policy = await policyOf(options);
  const { tokens, runMs, maxTokens } = await packageNumbers(readSettings(process.env).modelFolder, options.text);
  const text: TextNumbers = {
    tokens,
    stickyKey: options.apiKey ?? options.text,
    edgeRunMs: runMs,
    place: { country: options.country ?? null, isEu: options.eu ?? false },
  };
  const conditions = conditionsOf(options, policy, maxTokens);
  const facts = factsOf(text, policy, conditions);
  const route = decide(text, policy, conditions, NOW_MS);

  let decided = false;
  for (const { because, side, saw } of RULES) {
    const verdict = side(facts);
    const decides = verdict !== null && !decided;
    decided ||= verdict !== null;
    const line = `${decides ? "→" : " "} ${because.padEnd(17)}${(verdict ?? "–").padEnd(8)}${saw(facts)}`;
    console.log(decides ? styleText("bold", line) : verdict === null ? line : styleText("dim", line));
  }
  console.log(`\n${describe(route)}  (with the conditions given here; a running gateway's are in its /readyz)`);
  if (route.side !== "refuse") {
    const second = otherSide(route.side, text, policy, conditions);
    console.log(second === null ? "If it fails, no other side could take it." : `If it fails: ${describe(second)}`);
  }
}

function describe(route: Route): string {
  if (route.side === "refuse") return `refused, because ${route.because}`;
  return `${route.side}${route.side === "origin" ? ` (${route.origin})` : ""}, because ${route.because}`;
}

function conditionsOf(options: Options, policy: Policy, maxTokens: number): Conditions {
  const names = Object.entries(policy.origins).map(([name, { weight }]) => ({ name, weight }));
  const origins = names.length > 0 ? names : [{ name: "default", weight: 100 }];
  return {
    edge: {
      model: options.edge,
      breakerAllows: options.edgeBreaker === "closed",
      maxTokens,
      queueMs: options.queueMs,
      p95Ms: null,
    },
    origins: origins.map(({ name, weight }) => ({
      name,
      weight,
      breakerAllows: options.originBreaker === "closed",
      retryAtMs: null,
      p95Ms: options.originP95Ms ?? null,
    })),
  };
}

async function policyOf({ policy: file, share }: Options): Promise<Policy> {
  const parsed = file === undefined ? null : parsePolicy(await readFile(file, "utf8"));
  if (parsed !== null && !parsed.ok) throw new Error(`${file} is not a policy: ${parsed.problem}`);
  const policy = parsed?.policy ?? defaultPolicy();
  return share === undefined ? policy : { ...policy, edge: { ...policy.edge, share } };
}

function number(value: string): number {
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed) || parsed < 0)
    throw new InvalidArgumentError("It must be a number from 0 up.");
  return parsed;
}

function percent(value: string): number {
  const parsed = number(value);
  if (parsed > 100) throw new InvalidArgumentError("It must be a percentage from 0 to 100.");
  return parsed;
}

function country(value: string): string {
  if (!/^[A-Z]{2}$/.test(value)) throw new InvalidArgumentError("It must be two capital letters, as in DE.");
  return value;
}
