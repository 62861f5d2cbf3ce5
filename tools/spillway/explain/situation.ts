/** What a decision is made from, as the options describe it: by the gateway's own functions wherever it has one. */
import { callersKeyOf, stickyKeyOf } from "../../../gateway/admit/sticky-key.ts";
import { type Caller, callerOf } from "../../../gateway/authenticate/caller.ts";
import type { Conditions, TextNumbers } from "../../../gateway/decide/facts.ts";
import { idIn } from "../../../keys/format.ts";
import { nearest } from "../../../policies/nearest.ts";
import { originNames } from "../../../policies/origin-names.ts";
import type { Policy } from "../../../policies/schema.ts";
import type { PackageNumbers } from "../package-numbers.ts";
import { isEuCountry } from "./eu-countries.ts";
import type { ForOrigin } from "./option-values.ts";
import type { ExplainOptions } from "./options.ts";

export interface Situation {
  text: TextNumbers;
  policy: Policy;
  conditions: Conditions;
  /** What the sticky split goes by, in words; never the key itself. */
  splitBy: string;
}

type Circumstances = Omit<ExplainOptions, "policy" | "local" | "remote" | "env" | "share">;

/** @throws Error with one sentence when an origin is named that the policy does not have */
export function situationOf(options: Circumstances, policy: Policy, numbers: PackageNumbers): Situation {
  const caller = callerIn(options);
  const { stickyBy } = policy.edge;
  // An isolate that has no verified tokenizer counts nothing, and knows nothing of the package.
  const isCounted = options.edge === "ready" || options.edge === "loading";
  return {
    policy,
    text: {
      tokens: isCounted ? numbers.tokens : null,
      stickyKey: stickyKeyOf(stickyBy, caller, options.text),
      edgeRunMs: isCounted ? numbers.runMs : null,
      place: caller.place,
    },
    conditions: conditionsIn(options, policy, isCounted ? numbers.maxTokens : null),
    splitBy: describeSplit(stickyBy, caller),
  };
}

function callerIn({ country, apiKey, header }: Circumstances): Caller {
  // Only the id of a key has a part in it, and the key itself may be given.
  const holder = apiKey === undefined ? null : { id: idIn(apiKey) ?? apiKey, inputsMax: null };
  const cf = country === undefined ? undefined : { country, ...(isEuCountry(country) && { isEUCountry: "1" }) };
  return callerOf(new Headers(header), cf, holder);
}

function describeSplit(stickyBy: string, caller: Caller): string {
  if (stickyBy === "text") return "the text";
  const what = stickyBy === "api-key" ? "API key" : `header ${stickyBy.slice("header:".length)}`;
  return callersKeyOf(stickyBy, caller) === null ? `the text, for want of the ${what}` : `the ${what}`;
}

function conditionsIn(options: Circumstances, policy: Policy, maxTokens: number | null): Conditions {
  const { edge, edgeBreaker, edgeP95Ms, queueMs, originBreaker = [], originP95Ms = [] } = options;
  const names = originNames(policy.origins);
  for (const { name } of [...originBreaker, ...originP95Ms]) if (name !== null) mustExist(name, names);
  return {
    edge: {
      model: edge === "loading" ? "cold" : edge,
      breakerAllows: edgeBreaker === "closed",
      maxTokens,
      queueMs,
      p95Ms: edgeP95Ms ?? null,
    },
    origins: names.map((name) => ({
      name,
      weight: policy.origins[name]?.weight ?? 100,
      breakerAllows: valueFor(name, originBreaker) !== "open",
      retryAtMs: null,
      p95Ms: valueFor(name, originP95Ms),
    })),
  };
}

/** What is said of this very origin, else what is said of all; the last word counts. */
function valueFor<T>(name: string, said: readonly ForOrigin<T>[]): T | null {
  const own = said.findLast((one) => one.name === name) ?? said.findLast((one) => one.name === null);
  return own?.value ?? null;
}

function mustExist(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const near = nearest(name, names);
  const hint = near === null ? `it has ${names.join(", ")}.` : `did you mean ${near}?`;
  throw new Error(`The policy has no origin "${name}"; ${hint}`);
}
