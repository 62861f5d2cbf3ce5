/** Who sees the details of /readyz: the holder of the operator's token. API keys do not, and the token is valid for no other path. */
import { idIn } from "../../formats/api-key.ts";
import { bearerOf, hasDigest } from "../../formats/bearer.ts";
import { addressOf } from "../../formats/caller-address.ts";
import { ok, type Refusal, type Result, refuse } from "../refusal.ts";
import type { Access } from "./access.ts";
import { tooManyFailures } from "./key-refusals.ts";

export type View = "brief" | "details";

/** Which view of /readyz a request may see: `details` for the operator, `brief` for everyone else. A wrong token is refused. */
export async function viewFor({ headers }: Request, access: Access): Promise<Result<View>> {
  const { operatorToken, anonymous } = access;
  // A deployment with anonymous access and without a token, as on a developer's machine.
  if (operatorToken.state === "unset" && anonymous !== "refused") return ok("details");
  const sent = bearerOf(headers);
  if (sent === null) return ok("brief");
  // An API key guesses no token, so it does not count against the address, which other callers may share.
  if (idIn(sent) !== null) return refuse(wrongToken);
  if (operatorToken.state === "usable" && hasDigest(sent, operatorToken.sha256)) return ok("details");
  const blockedMs = await access.failedAttempts.operatorTokens.recordFailure(addressOf(headers));
  return refuse(blockedMs > 0 ? tooManyFailures(blockedMs) : wrongToken);
}

const wrongToken: Refusal = {
  code: "unauthorized",
  publicText:
    "Wrong operator token. Send the token as `Authorization: Bearer <token>`, or no token for the brief answer.",
  reason: "operator-token",
};
