/** Rules of attention: scores from queries and keys, masks, softmax, and the products with values. */
import { intOf } from "../graph/nodes.ts";
import { type Expression, factored, type Mask, type Scores, type Traced, type Value, widthOf } from "./expression.ts";
import { type Axis, BATCH, features, joinAxes, KEY, type Layout, sameAxes, TOKEN } from "./layout.ts";
import { isLastAxis, isObserved, isTraced, type Rule } from "./rule.ts";

/** The heads of a tensor that was split into them: its layout is [batch, heads, rows, head size]. */
interface Heads {
  heads: number;
  headSize: number;
  rows: readonly Axis[];
}

/** @param layout batch and heads in any grouping, then rows, then the head's features */
function headsOf(expression: Expression, layout: Layout): Heads | null {
  const width = widthOf(expression);
  const [first, second] = [layout.slice(0, -2).flat(), joinAxes(layout.at(-1) ?? [])];
  const [own] = second;
  const headSize = second.length === 0 ? 1 : own?.kind === "feature" && own.stride === 1 ? own.size : 0;
  const heads = width / headSize;
  const isWhole = second.length <= 1 && Number.isInteger(heads) && heads >= 1;
  if (!isWhole || !sameAxes(first, [BATCH, ...features(heads, headSize)])) return null;
  return { heads, headSize, rows: layout.at(-2) ?? [] };
}

function isRow(axes: readonly Axis[]): boolean {
  return sameAxes(axes, [TOKEN]) || axes.length === 0;
}

/** Queries · keysᵀ. @param key with the tokens as its last dimension */
export function scoresOf(query: Traced, key: Traced): Traced | null {
  const [q, k] = [factored(query.expression), factored(key.expression)];
  if (q === null || k === null) return null;
  const ofQuery = headsOf(q.of, query.layout);
  const keyLayout = [...key.layout.slice(0, -2), key.layout.at(-1) ?? [], key.layout.at(-2) ?? []];
  const ofKey = headsOf(k.of, keyLayout);
  if (ofQuery === null || ofKey === null || ofQuery.heads !== ofKey.heads || ofQuery.headSize !== ofKey.headSize) {
    return null;
  }
  if (!isRow(ofQuery.rows) || !sameAxes(ofKey.rows, [TOKEN])) return null;
  const { heads, headSize } = ofQuery;
  const factor = q.factor * k.factor;
  const expression: Scores = { kind: "scores", query: q.of, key: k.of, heads, headSize, factor, masks: [] };
  return { kind: "traced", expression, layout: [...query.layout.slice(0, -1), [KEY]] };
}

/** Shares · values. */
export function attentionOf(shares: Traced, value: Traced): Traced | null {
  const { expression, layout } = shares;
  if (expression.kind !== "shares" || !sameAxes(layout.at(-1) ?? [], [KEY])) return null;
  const scores = expression.of;
  const ofValue = headsOf(value.expression, value.layout);
  if (ofValue === null || ofValue.heads !== scores.heads || ofValue.headSize !== scores.headSize) return null;
  if (!sameAxes(ofValue.rows, [TOKEN])) return null;
  const attention = { kind: "attention", scores, value: value.expression } as const;
  return { kind: "traced", expression: attention, layout: [...layout.slice(0, -1), features(scores.headSize)] };
}

/** Scores, with a factor that was applied to them. */
function bareScores({ expression, layout }: Traced): { scores: Scores; layout: Layout } | null {
  const bare = factored(expression);
  if (bare?.of.kind !== "scores" || !sameAxes(layout.at(-1) ?? [], [KEY])) return null;
  return { scores: { ...bare.of, factor: bare.of.factor * bare.factor }, layout };
}

export function addMask(traced: Traced, mask: Mask): Traced | null {
  const bare = bareScores(traced);
  if (bare === null) return null;
  const { scores, layout } = bare;
  return { kind: "traced", expression: { ...scores, masks: [...scores.masks, mask] }, layout };
}

export const softmax: Rule = ({ node, inputs: [x] }) => {
  const bare = isTraced(x) ? bareScores(x) : null;
  if (!isTraced(x) || bare === null || !isLastAxis(intOf(node, "axis") ?? -1, x)) return null;
  return { kind: "traced", expression: { kind: "shares", of: bare.scores }, layout: bare.layout };
};

/** Of shares: a row that is masked whole has none. */
export const isNotANumber: Rule = ({ inputs: [x] }) => {
  if (!isTraced(x) || x.expression.kind !== "shares") return null;
  return { ...x, expression: { ...x.expression, kind: "not a number" } };
};

/** What a mask keeps, instead of a very small number; or shares, with 0 in place of what is not a number. */
export const where: Rule = ({ inputs: [condition, yes, no], scalarOf }) => {
  if (isTraced(condition)) return withoutMissing(condition, scalarOf(yes), no);
  if (!isObserved(condition)) return null;
  const kept = isTraced(yes) ? yes : no;
  const other = scalarOf(isTraced(yes) ? no : yes);
  if (!isTraced(kept) || other === null || other > MAX_MASKED) return null;
  return addMask(kept, { tensor: condition.tensor, keeps: kept === yes });
};

/** Added to a score, it makes the key's share zero in FP32. */
export const MAX_MASKED = -1000;

function withoutMissing({ expression }: Traced, replacement: number | null, shares: Value | null | undefined) {
  if (expression.kind !== "not a number" || replacement !== 0 || !isTraced(shares)) return null;
  return shares.expression.kind === "shares" && shares.expression.of === expression.of ? shares : null;
}
