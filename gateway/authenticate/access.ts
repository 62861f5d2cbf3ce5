/** The access settings of the deployment: bindings and variables. A missing binding or an invalid value makes every request fail. */
import { RATES } from "../../formats/api-key.ts";
import { type OperatorToken, parseOperatorToken } from "../../formats/operator-token.ts";
import type { Clock } from "../call.ts";
import { type KeyKv, KeyStore } from "./key-store.ts";
import { FailedAttempts, type Limiter, type RateLimits } from "./limiter.ts";

export interface AccessVariables {
  /** API keys. Separate from POLICIES, so that write access to policies does not allow creating keys. */
  KEYS?: KeyKv;
  RATE_SMALL?: Limiter;
  RATE_STANDARD?: Limiter;
  RATE_LARGE?: Limiter;
  FAILED_AUTH?: Limiter;
  /** "allowed" accepts callers without a key. Unset: keys are required. */
  ANONYMOUS_ACCESS?: string;
  /** Rate limit per address of callers without a key: the name of a rate or "unlimited". Unset: "standard". */
  ANONYMOUS_RATE?: string;
  /** Token for the details of /readyz. */
  OPERATOR_TOKEN?: string;
}

export interface Access extends RateLimits {
  keys: KeyStore;
  failedAttempts: { keys: FailedAttempts; operatorTokens: FailedAttempts };
  /** With `unset`, details may be public. */
  operatorToken: OperatorToken;
  /** Problems of the settings, one sentence each. */
  problems: readonly string[];
}

/** Reads the deployment's bindings and variables. Whatever cannot be obeyed is in `problems`, and its substitute refuses every caller. */
export function createAccess(variables: AccessVariables, clock: Clock): Access {
  const problems: string[] = [];
  const bound = <T>(name: keyof AccessVariables, binding: T | undefined, substitute: T): T => {
    if (binding === undefined) problems.push(`${name} is not bound; copy its block from the checkout's wrangler.toml`);
    return binding ?? substitute;
  };
  const { KEYS, RATE_SMALL, RATE_STANDARD, RATE_LARGE, FAILED_AUTH, OPERATOR_TOKEN } = variables;
  const failedAuth = bound("FAILED_AUTH", FAILED_AUTH, noLimiter);
  const operatorToken = parseOperatorToken(OPERATOR_TOKEN);
  if (operatorToken.state === "unusable") problems.push(operatorToken.problem);
  return {
    anonymous: anonymousIn(variables, problems),
    keys: new KeyStore(bound("KEYS", KEYS, noKv), clock),
    limiters: {
      small: bound("RATE_SMALL", RATE_SMALL, noLimiter),
      standard: bound("RATE_STANDARD", RATE_STANDARD, noLimiter),
      large: bound("RATE_LARGE", RATE_LARGE, noLimiter),
    },
    failedAttempts: {
      keys: new FailedAttempts("key", failedAuth, clock),
      operatorTokens: new FailedAttempts("operator-token", failedAuth, clock),
    },
    operatorToken,
    problems,
  };
}

function anonymousIn({ ANONYMOUS_ACCESS, ANONYMOUS_RATE }: AccessVariables, problems: string[]): Access["anonymous"] {
  const oneOf = choice(problems);
  const access = oneOf("ANONYMOUS_ACCESS", ANONYMOUS_ACCESS, ["refused", "allowed"]) ?? "refused";
  const rate = oneOf("ANONYMOUS_RATE", ANONYMOUS_RATE, [...RATES, "unlimited"]) ?? "standard";
  return access === "allowed" ? rate : "refused";
}

/** @returns a reader of variables; its result is null when the variable is unset or invalid */
function choice(problems: string[]) {
  return <T extends string>(
    name: keyof AccessVariables,
    variable: string | undefined,
    allowed: readonly T[],
  ): T | null => {
    const value = variable?.trim() ?? "";
    if (value === "") return null;
    const found = allowed.find((one) => one === value);
    if (found === undefined) problems.push(`${name} is "${value}"; it must be one of ${allowed.join(", ")}`);
    return found ?? null;
  };
}

// Substitutes for missing bindings. They are never called: a gateway with problems refuses every request.
const noKv: KeyKv = { get: async () => null, list: async () => ({ keys: [], list_complete: true }) };
const noLimiter: Limiter = { limit: async () => ({ success: false }) };
