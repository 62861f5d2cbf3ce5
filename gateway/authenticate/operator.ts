/** Who sees the details of /readyz: the holder of the operator's token. API keys do not, and the token is valid for no other path. */
import { sha256Hex } from "../../formats/sha256.ts";
import { ok, type Result, refuse } from "../refusal.ts";
import type { Access } from "./access.ts";
import { addressOf } from "./address.ts";
import { bearerOf } from "./credential.ts";
import { tooManyFailures } from "./key-refusals.ts";
import { hasDigest } from "./verify-key.ts";

export type View = "brief" | "details";

/** Which view of /readyz a request may see: `details` for the operator, `brief` for everyone else. A wrong token is refused. */
export async function viewFor({ headers }: Request, access: Access): Promise<Result<View>> {
  const { operatorToken, anonymous, failedAttempts } = access;
  // A deployment with anonymous access and without a token, as on a developer's machine.
  if (operatorToken === null && anonymous !== "refused") return ok("details");
  const sent = bearerOf(headers);
  if (sent === null) return ok("brief");
  if (operatorToken !== null && hasDigest(sent, sha256Hex(operatorToken))) return ok("details");
  const blockedMs = await failedAttempts.recordFailure(addressOf(headers));
  if (blockedMs > 0) return refuse(tooManyFailures(blockedMs));
  return refuse({
    code: "unauthorized",
    publicText:
      "Wrong operator token. Send the token as `Authorization: Bearer <token>`, or no token for the brief answer.",
    reason: "operator-token",
  });
}
