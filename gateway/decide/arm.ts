/**
 * Pure. The arm of a text: on which side of the share it is, if the edge could hold it at all. It is known before cold, busy and slow are
 * asked, so both arms have the same kind of texts and can be compared. It depends on the text, the policy and the package only.
 */
import type { Arm, RecordedArm } from "../../formats/ledger/series.ts";
import type { Facts } from "./facts.ts";
import { basisPointsOf, insideShare, saltedBasisPointsOf } from "./share.ts";

/** Changing the salt moves callers between the halves. */
const HALVES_SALT = "spillway-halves";
const HALF_PERCENT = 50;

/**
 * Eligible is a text that fits the edge, that residency permits both sides to see, and that no override sends elsewhere.
 * @param tokens of the whole text; null if no tokenizer has counted it, which makes it ineligible
 */
export function armOf(
  { text, policy, permitted, origin, edge }: Pick<Facts, "text" | "policy" | "permitted" | "origin" | "edge">,
  tokens: number | null,
): Arm {
  const maxTokens = Math.min(policy.edge.maxTokens, edge.packageMaxTokens ?? Number.POSITIVE_INFINITY);
  const fits = tokens !== null && tokens <= maxTokens;
  if (!fits || policy.override !== null || !permitted.edge || origin === null) return "ineligible";
  return insideShare(basisPointsOf(text.stickyKey), policy.edge.share) ? "inside" : "outside";
}

/** The arm as it is recorded: the outside arm in two halves, split by the same key with another salt. */
export function recordedArmOf(arm: Arm, stickyKey: string): RecordedArm {
  if (arm !== "outside") return arm;
  return insideShare(saltedBasisPointsOf(HALVES_SALT, stickyKey), HALF_PERCENT) ? "outside-a" : "outside-b";
}
