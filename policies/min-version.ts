/**
 * The oldest policy version that may serve, as the deployment states it. The built-in defaults are version 0 and have no residency rules: a
 * new isolate would serve under them while KV is silent.
 */

export type MinPolicyVersion = { ok: true; version: number } | { ok: false; problem: string };

/** @param variable MIN_POLICY_VERSION; unset or empty means 0 */
export function minPolicyVersionIn(variable: string | undefined): MinPolicyVersion {
  const text = variable?.trim() ?? "";
  if (text === "") return { ok: true, version: 0 };
  if (/^\d{1,9}$/.test(text)) return { ok: true, version: Number(text) };
  const shown = JSON.stringify(text.slice(0, 40));
  return { ok: false, problem: `MIN_POLICY_VERSION is ${shown}; it must be a whole number from 0 to 999999999` };
}
