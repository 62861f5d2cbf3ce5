/** A key may have been given fewer inputs in one request than the policy allows everybody. */
import { ok, type Result, refused } from "../refusal.ts";
import type { Caller } from "./caller.ts";

export function checkInputs(inputs: number, { inputsMax }: Caller): Result<null> {
  if (inputsMax === null || inputs <= inputsMax) return ok(null);
  return refused({
    code: "too-large",
    publicText: `\`inputs\` holds ${inputs} texts; at most ${inputsMax} are allowed in one request with this API key.`,
    reason: "key-inputs",
  });
}
