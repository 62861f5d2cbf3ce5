/** Who sees the details of /readyz: the holder of the operator's token. An API key opens nothing here, and the token no endpoint of callers. */
import { ok, type Result, refused } from "../refusal.ts";
import type { Access } from "./access.ts";
import { addressOf } from "./address.ts";
import { bearerOf } from "./credential.ts";
import { tooManyFailures } from "./key-refusals.ts";
import { hasDigest, sha256Of } from "./verify-key.ts";

export type View = "brief" | "details";

export async function viewFor({ headers }: Request, access: Access): Promise<Result<View>> {
  const { operatorToken, anonymous, failedAttempts } = access;
  // A deployment that is open to everybody and names no operator, as on a developer's machine.
  if (operatorToken === null && anonymous !== "refused") return ok("details");
  const sent = bearerOf(headers);
  if (sent === null) return ok("brief");
  if (operatorToken !== null && hasDigest(sent, sha256Of(operatorToken).toString("hex"))) return ok("details");
  const blockedMs = await failedAttempts.recordFailure(addressOf(headers));
  if (blockedMs > 0) return refused(tooManyFailures(blockedMs));
  return refused({
    code: "unauthorized",
    publicText:
      "That is not the operator's token. Send it as `Authorization: Bearer <token>`, or nothing for the brief form.",
    reason: "operator-token",
  });
}
