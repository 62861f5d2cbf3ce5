/** The KV namespace POLICIES as the policy commands use it. */
import type { Kv } from "../kv/kv.ts";

export { LAST_GOOD_KEY, POLICY_KEY } from "../../policies/store.ts";
/** The gateway never reads it. */
export const HISTORY_KEY = "policy-history";

export type PolicyKv = Pick<Kv, "get" | "put" | "settleSeconds">;
