/** Pure. The values of a policy that a rollout writes, in the stored document and out of it. */
import { isObject, type JsonObject } from "../../formats/json.ts";
import { parsePolicy } from "../../policies/parse.ts";
import { documentOf } from "../../policies/versions/document.ts";
import { withoutValueAt, withValueAt } from "../../policies/versions/path.ts";
import type { PresentPolicy as PolicyInForce, PolicyValues } from "../rollout/types.ts";
import type { PresentPolicy } from "./present-policy.ts";

/** The author of the versions that rollouts write. */
export const ROLLOUT_AUTHOR = "spillway";

/** @returns the values of a stored text, with defaults; null if it does not parse */
export function valuesIn(text: string | null): PolicyValues | null {
  const parsed = parsePolicy(text ?? "{}");
  if (!parsed.ok) return null;
  const { edge, shadow, model, candidate } = parsed.policy;
  return {
    sharePercent: edge.share,
    shadowPercent: shadow.share,
    model,
    candidate: candidate === null ? null : { model: candidate.model, sharePercent: candidate.share },
  };
}

/**
 * The policy in force as a rollout judges it. A stored version that gateways reject changes nothing.
 * @throws Error if the version in force does not parse, which cannot be
 */
export function judgedPolicy({ inForce }: Pick<PresentPolicy, "inForce">): PolicyInForce {
  const { text, version, author, message } = inForce;
  const values = valuesIn(text);
  if (values === null) throw new Error(`Policy version ${version} is in force, and does not parse.`);
  const id = author === ROLLOUT_AUTHOR ? /^rollout #(\d+)\b/.exec(message ?? "")?.[1] : undefined;
  return { version, values, rolloutId: id === undefined ? null : Number(id) };
}

/** Whether arms are split by text or by request, not by caller. */
export function isSplitByText(text: string | null): boolean {
  const parsed = parsePolicy(text ?? "{}");
  return !parsed.ok || ["text", "request"].includes(parsed.policy.edge.stickyBy);
}

/**
 * The document in force with other values. What has the wanted value already, also by default, is left as it is.
 * @param text that is in force; null for the defaults
 * @throws Error with one sentence when the text is not a JSON object
 */
export function withValues(text: string | null, values: PolicyValues): JsonObject {
  const before = valuesIn(text);
  let document = documentOf(text);
  const set = (path: readonly string[], value: JsonObject | string | number) => {
    const changed = withValueAt(document, path, value);
    document = isObject(changed) ? changed : document;
  };
  if (values.sharePercent !== before?.sharePercent) set(["edge", "share"], values.sharePercent);
  if (values.shadowPercent !== before?.shadowPercent) set(["shadow", "share"], values.shadowPercent);
  const { model, candidate } = values;
  document = model === null ? without(document, "model") : document;
  if (model !== null && model !== before?.model) set(["model"], model);
  document = candidate === null ? without(document, "candidate") : document;
  if (candidate !== null) set(["candidate"], { model: candidate.model, share: candidate.sharePercent });
  return document;
}

function without(document: JsonObject, key: string): JsonObject {
  const changed = withoutValueAt(document, [key]);
  return isObject(changed) ? changed : document;
}
