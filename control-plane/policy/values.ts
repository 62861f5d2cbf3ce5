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

/** The stored policy as a rollout judges it; null if it does not parse: gateways keep the last valid version then. */
export function inForce({ text, version, author, message }: PresentPolicy): PolicyInForce | null {
  const values = valuesIn(text);
  if (values === null || version === null) return null;
  const id = author === ROLLOUT_AUTHOR ? /^rollout #(\d+)\b/.exec(message ?? "")?.[1] : undefined;
  return { version, values, rolloutId: id === undefined ? null : Number(id) };
}

/** Whether arms are split by text or by request, not by caller. */
export function isSplitByText(text: string | null): boolean {
  const parsed = parsePolicy(text ?? "{}");
  return !parsed.ok || ["text", "request"].includes(parsed.policy.edge.stickyBy);
}

/**
 * The stored document with other values. What has the wanted value already, also by default, is left as it is.
 * @throws Error with one sentence when the stored text is not a JSON object
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
