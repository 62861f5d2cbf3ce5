/** A secret token that opens something to the operator, as both Workers read it from their secrets. Pure. */
import { sha256Hex } from "./sha256.ts";

/** A token that is set but unusable opens nothing. */
export type OperatorToken =
  | { state: "unset" }
  /** What is wrong with it, one sentence. */
  | { state: "unusable"; problem: string }
  | { state: "usable"; sha256: string };

/** A short token could be guessed. */
const MIN_TOKEN_CHARACTERS = 20;
/** Visible ASCII, as a request can send it, and no quotes around it: a shell would remove those. */
const BEARER_TOKEN = /^(?!(["']).*\1$)[!-~]+$/;

/**
 * Reads the secret.
 * @param value undefined where it is not set
 * @param name of the secret, for the problem
 */
export function parseOperatorToken(value: string | undefined, name = "OPERATOR_TOKEN"): OperatorToken {
  if (value === undefined) return { state: "unset" };
  const token = value.trim();
  const problem = problemOf(token);
  if (problem === null) return { state: "usable", sha256: sha256Hex(token) };
  return { state: "unusable", problem: `${name} ${problem}: create one with openssl rand -hex 32` };
}

function problemOf(token: string): string | null {
  if (token === "") return "is set, but blank";
  if (token.length < MIN_TOKEN_CHARACTERS) {
    return `has ${token.length} characters; it must have at least ${MIN_TOKEN_CHARACTERS}`;
  }
  return BEARER_TOKEN.test(token) ? null : "has quotes, spaces or other characters that no bearer token can have";
}
