/** The options of `spillway explain`: text, policy, caller, and the conditions of the isolate and the origins. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { TextOrPair } from "../../../formats/tokenizer/tokenizer.ts";
import { isCountry, nearestCountry, UNKNOWN_COUNTRIES } from "../../../policies/countries.ts";
import { parsePolicy } from "../../../policies/parse.ts";

/** `cold`: a new isolate. `loading`: it has a tokenizer but no weights yet. */
export const EDGE_STATES = ["ready", "loading", "cold", "rejected"] as const;
export type EdgeState = (typeof EDGE_STATES)[number];

export interface ExplainOptions {
  text: string;
  textPair?: string;
  policy?: string;
  defaults?: true;
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
  originPausedFrom?: readonly ForOrigin<number>[];
}

/** The country of every caller of the gateway of `npm start`: Miniflare's placeholder for Cloudflare's. test/e2e/parts/policy.ts compares them. */
export const LOCAL_COUNTRY = "US";

/**
 * The caller's country. Without `--country` it is that of the gateway whose policy is explained.
 * @returns `assumed`: why, for the user; null for a country that was given
 */
export function countryOf({ country, policy, defaults, remote }: ExplainOptions): Pick<ExplainOptions, "country"> & {
  assumed: string | null;
} {
  if (country !== undefined) return { country, assumed: null };
  const isLocalGateway = policy === undefined && !defaults && !remote;
  return isLocalGateway
    ? { country: LOCAL_COUNTRY, assumed: "assumed, as every caller of npm start has it; --country selects another" }
    : { assumed: `assumed; --country selects one, and every caller of npm start has ${LOCAL_COUNTRY}` };
}

/** What the options ask about. */
export function textOf({ text, textPair }: Pick<ExplainOptions, "text" | "textPair">): TextOrPair {
  return textPair === undefined ? text : { text, textPair };
}

/** Adds the options of `ExplainOptions` to a command. */
export function addExplainOptions(command: Command): Command {
  return command
    .requiredOption("--text <text>", "the text to classify; the package's tokenizer counts its tokens", text)
    .option("--text-pair <text>", "the second text of a pair", text)
    .optionsGroup("The policy:")
    .addOption(
      new Option("--local", "the policy stored on this machine, as npm start uses it (default)").conflicts("remote"),
    )
    .addOption(new Option("--remote", "the policy stored in the account's KV, through wrangler"))
    .option("--env <name>", "environment of wrangler.toml, with --remote")
    .addOption(new Option("--policy <file>", "a policy file").conflicts(["local", "remote"]))
    .addOption(
      new Option("--defaults", "the built-in defaults, as where no policy is stored").conflicts([
        "local",
        "remote",
        "policy",
      ]),
    )
    .option("--share <percent>", "replaces edge.share of the policy", share)
    .optionsGroup("The caller:")
    .option(
      "--country <code>",
      `two-letter code, T1 for Tor (default: unknown; ${LOCAL_COUNTRY} with the policy stored on this machine, as the gateway of npm start has it)`,
      country,
    )
    .option("--api-key <id>", "the id of the caller's API key")
    .option("--header <name=value>", "a header of the request (repeatable)", header)
    .optionsGroup("The isolate and the origins:")
    .addOption(new Option("--edge <state>", "state of the edge model").choices(EDGE_STATES).default("ready"))
    .addOption(
      new Option("--edge-breaker <state>", "state of the edge breaker").choices(["closed", "open"]).default("closed"),
    )
    .option("--edge-p95-ms <ms>", "recent P95 of the edge (default: unknown)", milliseconds)
    .option("--queue-ms <ms>", "wait for the edge model", milliseconds, 0)
    .option("--origin-breaker <state>", "closed or open; of one origin: us-east-1=open (repeatable)", breakerOf)
    .option("--origin-p95-ms <ms>", "recent P95 (default: unknown); of one origin: us-east-1=120 (repeatable)", p95Of)
    .option(
      "--origin-paused-from <bytes>",
      "texts of as many bytes are paused; of one origin: us-east-1=80000 (repeatable)",
      pausedFrom,
    );
}

export type BreakerState = "closed" | "open";

/** A value for the origin of that name; for all origins without a value when the name is null. */
export interface ForOrigin<T> {
  name: string | null;
  value: T;
}

function milliseconds(value: string): number {
  const parsed = Number(value);
  if (/^\d+(\.\d+)?$/.test(value)) return parsed;
  throw new InvalidArgumentError("It must be a number of milliseconds from 0 up, as in 120.");
}

function share(value: string): number {
  const parsed = Number(value);
  const isNumber = value.trim() !== "" && Number.isFinite(parsed);
  if (isNumber && parsePolicy(JSON.stringify({ edge: { share: parsed } })).ok) return parsed;
  throw new InvalidArgumentError("It must be a percentage from 0 to 100 with at most two decimals, as in 12.5.");
}

/** A code as in `request.cf.country`. */
function country(value: string): string {
  const code = value.toUpperCase();
  if (code === "EU") throw new InvalidArgumentError("The EU is not a country; pass one of its members, as in DE.");
  if (isCountry(code) || UNKNOWN_COUNTRIES.includes(code)) return code;
  const near = nearestCountry(value);
  const hint = near === null ? "" : ` Did you mean ${near}?`;
  throw new InvalidArgumentError(`It must be a two-letter country code, as in DE; T1 is Tor, XX is unknown.${hint}`);
}

function text(value: string): string {
  if (value.trim() !== "") return value;
  throw new InvalidArgumentError("It must not be empty: the gateway refuses an empty text with 422.");
}

/** Adds a header to those of earlier options. */
function header(value: string, before = new Headers()): Headers {
  const at = value.indexOf("=");
  const headers = new Headers(before);
  try {
    headers.append(value.slice(0, Math.max(0, at)), value.slice(at + 1));
    return headers;
  } catch {
    throw new InvalidArgumentError("It must be a header's name and value, as in x-tenant=acme.");
  }
}

function breakerOf(value: string, before: readonly ForOrigin<BreakerState>[] = []): ForOrigin<BreakerState>[] {
  const { name, rest } = nameAndRest(value);
  if (rest === "closed" || rest === "open") return [...before, { name, value: rest }];
  throw new InvalidArgumentError("It must be closed or open, for one origin as in us-east-1=open.");
}

function p95Of(value: string, before: readonly ForOrigin<number>[] = []): ForOrigin<number>[] {
  const { name, rest } = nameAndRest(value);
  try {
    return [...before, { name, value: milliseconds(rest) }];
  } catch {
    throw new InvalidArgumentError("It must be a number of milliseconds, for one origin as in us-east-1=120.");
  }
}

function pausedFrom(value: string, before: readonly ForOrigin<number>[] = []): ForOrigin<number>[] {
  const { name, rest } = nameAndRest(value);
  if (/^\d{1,9}$/.test(rest)) return [...before, { name, value: Number(rest) }];
  throw new InvalidArgumentError("It must be a number of bytes, for one origin as in us-east-1=80000.");
}

function nameAndRest(value: string): { name: string | null; rest: string } {
  const at = value.indexOf("=");
  return at === -1 ? { name: null, rest: value } : { name: value.slice(0, at), rest: value.slice(at + 1) };
}
