/** The inputs of a decision, built from the options with the functions of the gateway. */
import { idIn } from "../../../formats/api-key.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { createTokenizer } from "../../../formats/model-package/tokenizer.ts";
import type { TextOrPair } from "../../../formats/tokenizer/tokenizer.ts";
import { callersKeyOf, stickyKeyOf } from "../../../gateway/admit/sticky-key.ts";
import { type Caller, callerOf } from "../../../gateway/authenticate/caller.ts";
import type { TextNumbers } from "../../../gateway/decide/facts.ts";
import { LearnedLimits } from "../../../gateway/edge/run-estimate.ts";
import { bytesToCut } from "../../../gateway/origin/text-time.ts";
import type { Conditions, LongTextsPause } from "../../../gateway/sides.ts";
import { isEuCountry } from "../../../policies/eu-countries.ts";
import { nearest } from "../../../policies/messages/nearest.ts";
import { originNames } from "../../../policies/names.ts";
import type { Policy } from "../../../policies/schema.ts";
import { openLocalPackage, readPackageFile } from "../model/local-package.ts";
import { type ExplainOptions, type ForOrigin, textOf } from "./options.ts";

export interface Situation {
  text: TextNumbers;
  policy: Policy;
  conditions: Conditions;
  /** The key of the sticky split in words, without its value. */
  splitBy: string;
  /** By the package, also where the isolate has no tokenizer: the arm of a text does not depend on the isolate. */
  countedTokens: number;
}

type SituationOptions = Omit<ExplainOptions, "policy" | "defaults" | "local" | "remote" | "env" | "share">;

/** @throws Error with one sentence when an option names an origin that the policy does not have */
export function situationOf(options: SituationOptions, policy: Policy, numbers: PackageNumbers): Situation {
  const caller = callerIn(options);
  const { stickyBy } = policy.edge;
  // An isolate without a verified tokenizer counts no tokens and has no limits of the package.
  const isCounted = options.edge === "ready" || options.edge === "loading";
  return {
    policy,
    text: {
      tokens: isCounted ? numbers.tokens : null,
      bytes: bytesToCut(textOf(options)),
      stickyKey: stickyKeyOf(stickyBy, caller, textOf(options), ANY_REQUEST),
      edgeRunMs: isCounted ? numbers.runMs : null,
      location: caller.location,
    },
    conditions: conditionsIn(options, policy, {
      maxTokens: isCounted ? numbers.maxTokens : null,
      packageMaxTokens: numbers.maxTokens,
    }),
    splitBy: describeSplit(stickyBy, caller),
    countedTokens: numbers.tokens,
  };
}

function callerIn({ country, apiKey, header }: SituationOptions): Caller {
  // Only the id of a key matters. The option may also contain the whole key.
  const holder = apiKey === undefined ? null : { id: idIn(apiKey) ?? apiKey, inputsMax: null };
  const cf = country === undefined ? undefined : { country, ...(isEuCountry(country) && { isEUCountry: "1" }) };
  return callerOf(new Headers(header), cf, holder);
}

/** Split by request, each request has another id. This one stands for any. */
const ANY_REQUEST = "spillway explain";

function describeSplit(stickyBy: string, caller: Caller): string {
  if (stickyBy === "text") return "the text";
  if (stickyBy === "request") return "the request: each one may go to another side";
  const what = stickyBy === "api-key" ? "API key" : `header ${stickyBy.slice("header:".length)}`;
  return callersKeyOf(stickyBy, caller) === null ? `the text (the request has no ${what})` : `the ${what}`;
}

function conditionsIn(
  options: SituationOptions,
  policy: Policy,
  limits: Pick<Conditions["edge"], "maxTokens" | "packageMaxTokens">,
): Conditions {
  const { edge, edgeBreaker, edgeP95Ms, queueMs, originBreaker = [], originP95Ms = [] } = options;
  const { originPausedFrom = [] } = options;
  const names = originNames(policy.origins);
  for (const { name } of [...originBreaker, ...originP95Ms, ...originPausedFrom]) {
    if (name !== null) mustExist(name, names);
  }
  return {
    edge: {
      model: edge === "loading" ? "cold" : edge,
      breakerAllows: edgeBreaker === "closed",
      ...limits,
      queueMs,
      p95Ms: edgeP95Ms ?? null,
    },
    origins: names.map((name) => ({
      name,
      weight: policy.origins[name]?.weight ?? 100,
      breakerAllows: valueFor(name, originBreaker) !== "open",
      allowsEarlyTrial: false,
      isFull: false,
      retryAtMs: null,
      longTextsPause: pauseFrom(valueFor(name, originPausedFrom)),
      p95Ms: valueFor(name, originP95Ms),
    })),
  };
}

/** As long as it lasts, and without an early trial. */
function pauseFrom(fromBytes: number | null): LongTextsPause | null {
  return fromBytes === null ? null : { fromBytes, allowsEarlyTrial: false, retryAtMs: null };
}

/** The last value for this origin, or else the last value for all origins. */
function valueFor<T>(name: string, values: readonly ForOrigin<T>[]): T | null {
  const found = values.findLast((one) => one.name === name) ?? values.findLast((one) => one.name === null);
  return found?.value ?? null;
}

function mustExist(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const near = nearest(name, names);
  const hint = near === null ? `it has ${names.join(", ")}.` : `did you mean ${near}?`;
  throw new Error(`The policy has no origin "${name}"; ${hint}`);
}

/** The measurements of a text with a package on this machine. */
export interface PackageNumbers {
  /** `<name>@<sha256>` */
  modelId: string;
  version: number;
  tokens: number;
  /** Predicted time of the inference at the edge. */
  runMs: number;
  maxTokens: number;
}

/** @throws Error with one sentence when there is no package, none for the edge, or it does not accept pairs and this is one */
export async function packageNumbers(folder: string, text: TextOrPair): Promise<PackageNumbers> {
  const { manifest, modelId } = await openLocalPackage(folder);
  const { edge, tokenizer } = manifest;
  if (edge === null) throw new Error(`${folder} is packed only for the origin: every text goes to the origin.`);
  const read = async (file: string) => new TextDecoder().decode(await readPackageFile(folder, file));
  const { encode, acceptsPairs } = createTokenizer(await read(tokenizer.file), await read(tokenizer.configFile));
  if (typeof text !== "string" && (!acceptsPairs || manifest.acceptsPairs === false)) {
    throw new Error(
      `${shortModelId(modelId)} does not accept pairs: the gateway refuses them with 422. Leave --text-pair out.`,
    );
  }
  const tokens = encode(text).length;
  const limits = new LearnedLimits({ modelId, edge });
  return {
    modelId,
    version: manifest.version,
    tokens,
    runMs: limits.predictedMs(tokens),
    maxTokens: limits.maxTokens(),
  };
}
