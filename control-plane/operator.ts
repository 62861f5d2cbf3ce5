/** Who may read the ledger: the holder of the operator's token. */
import { bearerOf, hasDigest } from "../formats/bearer.ts";
import { parseOperatorToken } from "../formats/operator-token.ts";
import type { Env } from "./ports.ts";

/**
 * - `misconfigured`: no token can be right; the sentence is for the operator's log.
 * - `anonymous`: the request has no token. `wrong`: it has another one.
 */
export type Authorized =
  | { is: "operator" }
  | { is: "anonymous" }
  | { is: "wrong" }
  | { is: "misconfigured"; problem: string };

/** Whether the request comes from the operator. Without a token, a developer's machine is open, as the gateway's /readyz is. */
export function authorize(
  headers: { get(name: string): string | null },
  { OPERATOR_TOKEN, ANONYMOUS_ACCESS }: Pick<Env, "OPERATOR_TOKEN" | "ANONYMOUS_ACCESS">,
): Authorized {
  const token = parseOperatorToken(OPERATOR_TOKEN);
  if (token.state === "unusable") return { is: "misconfigured", problem: token.problem };
  if (token.state === "unset") {
    if (ANONYMOUS_ACCESS?.trim() === "allowed") return { is: "operator" };
    return { is: "misconfigured", problem: "OPERATOR_TOKEN is not set: npx wrangler secret put OPERATOR_TOKEN" };
  }
  const sent = bearerOf(headers);
  if (sent === null) return { is: "anonymous" };
  return { is: hasDigest(sent, token.sha256) ? "operator" : "wrong" };
}
