/** The KV namespace POLICIES as the policy commands use it. */

export { LAST_GOOD_KEY, POLICY_KEY } from "../../policies/store.ts";
/** The gateway never reads it. */
export const HISTORY_KEY = "policy-history";

export interface PolicyKv {
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  /** For so long a read may still show what was there before a write. */
  settleSeconds: number;
}
