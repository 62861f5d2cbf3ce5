/** Rules of ONNX Runtime's fused operators: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
import { attributeOf, intOf } from "../graph/nodes.ts";
import { normOf } from "./elementwise-rules.ts";
import {
  COUNTED_POSITIONS,
  type Expression,
  type Lookup,
  type Scores,
  type Sum,
  type Value,
  widthOf,
} from "./expression.ts";
import { BATCH, features, sameLayout, TOKEN } from "./layout.ts";
import { isConstant, isObserved, isTraced, type Rule } from "./rule.ts";

/** Word, position and segment, normalized. */
export const embedLayerNormalization: Rule = ({ node, inputs }) => {
  const [words, kinds, wordTable, placeTable, kindTable, gain, offset] = inputs;
  const places = lookup(placeTable, COUNTED_POSITIONS);
  const parts = [isObserved(words) ? lookup(wordTable, words.tensor) : null, places];
  if (kindTable !== null && kindTable !== undefined) {
    parts.push(isObserved(kinds) ? lookup(kindTable, kinds.tensor) : null);
  }
  const known = parts.flatMap((part) => (part === null ? [] : [part]));
  const [first, ...rest] = known;
  if (known.length !== parts.length || first === undefined || inputs.length > 8) return null;
  const sum = rest.reduce<Lookup | Sum>((left, right) => ({ kind: "sum", left, right }), first);
  const layout = [[BATCH], [TOKEN], features(widthOf(sum))];
  return normOf({ kind: "traced", expression: sum, layout }, gain, offset, attributeOf(node, "epsilon")?.f ?? 1e-12);
};

function lookup(table: Value | null | undefined, ids: string): Lookup | null {
  const [rows, width] = isConstant(table) ? table.dims : [];
  if (!isConstant(table) || rows === undefined || width === undefined || table.dims.length !== 2) return null;
  return { kind: "lookup", table: table.values, rows, width, ids };
}

/** Self-attention with the matrices of queries, keys and values side by side. Its mask is not looked at. */
export const attention: Rule = ({ node, inputs: [x, weights, bias, , ...more] }) => {
  if (!isTraced(x) || !isConstant(weights) || !isConstant(bias) || more.some((one) => one !== null)) return null;
  const width = widthOf(x.expression);
  const heads = intOf(node, "num_heads") ?? 0;
  const isWhole = weights.dims[0] === width && weights.dims[1] === 3 * width && bias.values.length === 3 * width;
  const others = ["unidirectional", "do_rotary", "rotary_embedding_dim"].some((name) => (intOf(node, name) ?? 0) !== 0);
  if (!isWhole || others || attributeOf(node, "qkv_hidden_sizes") !== undefined || width % heads !== 0) return null;
  if (!sameLayout(x.layout, [[BATCH], [TOKEN], features(width)])) return null;
  const part = (index: number): Expression => ({
    kind: "linear",
    of: x.expression,
    inputs: width,
    outputs: width,
    weight: columnsOf(weights.values, index * width, width),
    bias: bias.values.slice(index * width, (index + 1) * width),
  });
  const headSize = width / heads;
  const factor = attributeOf(node, "scale")?.f ?? 1 / Math.sqrt(headSize);
  const scores: Scores = { kind: "scores", query: part(0), key: part(1), heads, headSize, factor, masks: [] };
  return { ...x, expression: { kind: "attention", scores, value: part(2) } };
};

function columnsOf(values: Float32Array, from: number, width: number): Float32Array {
  const columns = new Float32Array(width * width);
  for (let row = 0; row < width; row++) {
    columns.set(values.subarray(row * 3 * width + from, row * 3 * width + from + width), row * width);
  }
  return columns;
}
