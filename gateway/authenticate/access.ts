/** Who may call, as the deployment's bindings and variables say. What is missing is told, and refuses everybody: it would be overlooked. */
import { RATES, type Rate } from "../../formats/api-key.ts";
import { type Clock } from "../call.ts";
import { type KeyKv, KeyStore } from "./key-store.ts";
import { FailedAttempts, type Limiter } from "./limiter.ts";

export interface AccessVariables {
  /** API keys. Apart from POLICIES, so that who may write policies cannot make keys. */
  KEYS?: KeyKv;
  RATE_SMALL?: Limiter;
  RATE_STANDARD?: Limiter;
  RATE_LARGE?: Limiter;
  FAILED_AUTH?: Limiter;
  /** "allowed" lets callers without a key in; unset means that keys are required. */
  ANONYMOUS_ACCESS?: string;
  /** How many requests of callers without a key one address has: a rate's name ("standard" where unset) or "unlimited". */
  ANONYMOUS_RATE?: string;
  /** Opens the details of /readyz. */
  OPERATOR_TOKEN?: string;
}

export interface Access {
  anonymous: "refused" | "unlimited" | Rate;
  keys: KeyStore;
  limiters: Readonly<Record<Rate, Limiter>>;
  failedAttempts: FailedAttempts;
  /** Null where none is set. */
  operatorToken: string | null;
  /** What is wrong with the deployment's settings, a sentence each. */
  problems: readonly string[];
}

export function createAccess(variables: AccessVariables, clock: Clock): Access {
  const problems: string[] = [];
  const bound = <T>(name: keyof AccessVariables, binding: T | undefined, absent: T): T => {
    if (binding === undefined) problems.push(`${name} is not bound; take its block from the checkout's wrangler.toml`);
    return binding ?? absent;
  };
  const { KEYS, RATE_SMALL, RATE_STANDARD, RATE_LARGE, FAILED_AUTH, OPERATOR_TOKEN } = variables;
  return {
    anonymous: anonymousIn(variables, problems),
    keys: new KeyStore(bound("KEYS", KEYS, noKv), clock),
    limiters: {
      small: bound("RATE_SMALL", RATE_SMALL, noLimiter),
      standard: bound("RATE_STANDARD", RATE_STANDARD, noLimiter),
      large: bound("RATE_LARGE", RATE_LARGE, noLimiter),
    },
    failedAttempts: new FailedAttempts(bound("FAILED_AUTH", FAILED_AUTH, noLimiter), clock),
    operatorToken: operatorTokenIn(OPERATOR_TOKEN, problems),
    problems,
  };
}

/** It has no rate of its own: an address that guesses is told nothing, but a token that people think up would be guessed. */
const TOKEN_MIN_CHARACTERS = 20;

function operatorTokenIn(value: string | undefined, problems: string[]): string | null {
  const token = value?.trim() || null;
  if (token !== null && token.length < TOKEN_MIN_CHARACTERS) {
    problems.push(
      `OPERATOR_TOKEN has ${token.length} characters; it must have at least ${TOKEN_MIN_CHARACTERS}, and openssl rand -hex 32 makes one`,
    );
  }
  return token;
}

function anonymousIn({ ANONYMOUS_ACCESS, ANONYMOUS_RATE }: AccessVariables, problems: string[]): Access["anonymous"] {
  const access = oneOf("ANONYMOUS_ACCESS", ANONYMOUS_ACCESS, "refused", ["refused", "allowed"], problems);
  const rate = oneOf("ANONYMOUS_RATE", ANONYMOUS_RATE, "standard", [...RATES, "unlimited"], problems);
  return access === "allowed" ? rate : "refused";
}

function oneOf<T extends string>(
  name: keyof AccessVariables,
  value: string | undefined,
  fallback: T,
  allowed: readonly T[],
  problems: string[],
): T {
  if (value === undefined || value === "") return fallback;
  const found = allowed.find((one) => one === value);
  if (found === undefined) problems.push(`${name} is "${value}"; it must be one of ${allowed.join(", ")}`);
  return found ?? fallback;
}

// They stand in for what is missing; where something is, nobody gets so far as to ask them.
const noKv: KeyKv = { get: async () => null };
const noLimiter: Limiter = { limit: async () => ({ success: false }) };
