/** The options of `spillway explain`: the text, the caller, the policy, and the conditions that a gateway would find. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { parsePolicy } from "../../../policies/parse.ts";

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

export function addExplainOptions(command: Command): Command {
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

/** Reads the values of explain's options; what is not allowed is told in a sentence that says what is. */

export type BreakerState = "closed" | "open";

/** For the origin of that name; for all that are not named where it is null. */
export interface ForOrigin<T> {
  name: string | null;
  value: T;
}

export function milliseconds(value: string): number {
  const parsed = Number(value);
  if (/^\d+(\.\d+)?$/.test(value)) return parsed;
  throw new InvalidArgumentError("It must be a number of milliseconds from 0 up, as in 120.");
}

/** As a policy takes it. */
export function share(value: string): number {
  const parsed = Number(value);
  const isNumber = value.trim() !== "" && Number.isFinite(parsed);
  if (isNumber && parsePolicy(JSON.stringify({ edge: { share: parsed } })).ok) return parsed;
  throw new InvalidArgumentError("It must be a percentage from 0 to 100 with at most two decimals, as in 12.5.");
}

/** A code as Cloudflare gives it in `request.cf.country`. */
export function country(value: string): string {
  const code = value.toUpperCase();
  if (code === "EU") throw new InvalidArgumentError("The EU is no country; name one of its members, as in DE.");
  if (/^[A-Z]{2}$/.test(code) || code === "T1") return code;
  throw new InvalidArgumentError("It must be a two-letter country code, as in DE; T1 is Tor, XX is unknown.");
}

export function text(value: string): string {
  if (value.trim() !== "") return value;
  throw new InvalidArgumentError("It must not be empty: the gateway refuses an empty text with 422.");
}

/** Collects into headers as a request has them. */
export function header(value: string, before = new Headers()): Headers {
  const at = value.indexOf("=");
  const headers = new Headers(before);
  try {
    headers.append(value.slice(0, Math.max(0, at)), value.slice(at + 1));
    return headers;
  } catch {
    throw new InvalidArgumentError("It must be a header's name and value, as in x-tenant=acme.");
  }
}

export function breakerOf(value: string, before: readonly ForOrigin<BreakerState>[] = []): ForOrigin<BreakerState>[] {
  const { name, rest } = nameAndRest(value);
  if (rest === "closed" || rest === "open") return [...before, { name, value: rest }];
  throw new InvalidArgumentError("It must be closed or open, for one origin as in us-east-1=open.");
}

export function p95Of(value: string, before: readonly ForOrigin<number>[] = []): ForOrigin<number>[] {
  const { name, rest } = nameAndRest(value);
  try {
    return [...before, { name, value: milliseconds(rest) }];
  } catch {
    throw new InvalidArgumentError("It must be a number of milliseconds, for one origin as in us-east-1=120.");
  }
}

function nameAndRest(value: string): { name: string | null; rest: string } {
  const at = value.indexOf("=");
  return at === -1 ? { name: null, rest: value } : { name: value.slice(0, at), rest: value.slice(at + 1) };
}
