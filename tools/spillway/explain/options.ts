/** The options of `spillway explain`: the text, the caller, the policy, and the conditions that a gateway would find. */
import { type Command, Option } from "commander";
import {
  type BreakerState,
  breakerOf,
  country,
  type ForOrigin,
  header,
  milliseconds,
  p95Of,
  share,
  text,
} from "./option-values.ts";

/** `cold`: a new isolate. `loading`: its tokenizer is there, its weights are not. */
export const EDGE_STATES = ["ready", "loading", "cold", "rejected"] as const;
export type EdgeState = (typeof EDGE_STATES)[number];

export interface ExplainOptions {
  text: string;
  policy?: string;
  local?: true;
  remote?: true;
  env?: string;
  share?: number;
  country?: string;
  apiKey?: string;
  header?: Headers;
  edge: EdgeState;
  edgeBreaker: BreakerState;
  edgeP95Ms?: number;
  queueMs: number;
  originBreaker?: readonly ForOrigin<BreakerState>[];
  originP95Ms?: readonly ForOrigin<number>[];
}

export function takesExplainOptions(command: Command): Command {
  return command
    .requiredOption("--text <text>", "the text to classify; it is counted by the package's tokenizer", text)
    .optionsGroup("The policy, the defaults unless given:")
    .addOption(new Option("--local", "the one stored on this machine, where npm start looks").conflicts("remote"))
    .addOption(new Option("--remote", "the one stored in the account's KV, through wrangler"))
    .option("--env <name>", "environment of wrangler.toml, with --local or --remote")
    .addOption(new Option("--policy <file>", "a document that is not stored yet").conflicts(["local", "remote"]))
    .option("--share <percent>", "edge.share instead of the policy's", share)
    .optionsGroup("The caller:")
    .option("--country <code>", "two letters, T1 for Tor; unknown unless given", country)
    .option("--api-key <id>", "the caller's API key: its id")
    .option("--header <name=value>", "a header of the request; may be given again", header)
    .optionsGroup("What the isolate and the origins are like:")
    .addOption(new Option("--edge <state>", "the isolate's model").choices(EDGE_STATES).default("ready"))
    .addOption(new Option("--edge-breaker <state>", "its breaker").choices(["closed", "open"]).default("closed"))
    .option("--edge-p95-ms <ms>", "its recent P95; unknown unless given", milliseconds)
    .option("--queue-ms <ms>", "how long the text would wait for the edge model", milliseconds, 0)
    .option("--origin-breaker <state>", "closed or open; of one origin: us-east-1=open, may be given again", breakerOf)
    .option("--origin-p95-ms <ms>", "recent P95, unknown unless given; of one origin: us-east-1=120", p95Of);
}
