/** The KV namespace POLICIES as the policy commands use it. */

export const POLICY_KEY = "policy";
/** The gateway never reads it. */
export const HISTORY_KEY = "policy-history";

export interface PolicyKv {
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  /** For so long a read may still show what was there before a write. */
  settleSeconds: number;
}
