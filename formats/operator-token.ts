/** The operator's token, as both Workers read it from the secret OPERATOR_TOKEN. Pure. */
import { sha256Hex } from "./sha256.ts";

/** A token that is set but unusable opens nothing. */
export type OperatorToken =
  | { state: "unset" }
  /** What is wrong with it, one sentence. */
  | { state: "unusable"; problem: string }
  | { state: "usable"; sha256: string };

/** The token has no rate limit, so a short one could be guessed. */
const MIN_TOKEN_CHARACTERS = 20;
/** Visible ASCII, as a request can send it, and no quotes around it: a shell would remove those. */
const BEARER_TOKEN = /^(?!(["']).*\1$)[!-~]+$/;

/** Reads the secret. @param value undefined where it is not set */
export function parseOperatorToken(value: string | undefined): OperatorToken {
  if (value === undefined) return { state: "unset" };
  const token = value.trim();
  const problem = problemOf(token);
  if (problem === null) return { state: "usable", sha256: sha256Hex(token) };
  return { state: "unusable", problem: `OPERATOR_TOKEN ${problem}: create one with openssl rand -hex 32` };
}

function problemOf(token: string): string | null {
  if (token === "") return "is set, but blank";
  if (token.length < MIN_TOKEN_CHARACTERS) {
    return `has ${token.length} characters; it must have at least ${MIN_TOKEN_CHARACTERS}`;
  }
  return BEARER_TOKEN.test(token) ? null : "has quotes, spaces or other characters that no bearer token can have";
}
