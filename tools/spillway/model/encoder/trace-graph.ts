/** Pure. Finds what the logits of a graph mean, operator by operator from the inputs on. */
import { type GraphFacts, graphFacts } from "../graph/graph-facts.ts";
import type { OnnxModel, OnnxNode } from "../graph/model.ts";
import { attributeOf, isStandard, namesInSubgraphs } from "../graph/nodes.ts";
import type { Observations } from "../graph/observe-shapes.ts";
import { geluErf, geluTanh } from "./activations.ts";
import { isNotANumber, softmax, where } from "./attention-rules.ts";
import { floatConstant } from "./constants.ts";
import * as elementwise from "./elementwise-rules.ts";
import { type Observed, unknown, type Value } from "./expression.ts";
import { attention, embedLayerNormalization } from "./fused-rules.ts";
import * as movement from "./movement-rules.ts";
import { fusedMatMul, gemm, matMul } from "./product-rules.ts";
import { isTraced, type Rule } from "./rule.ts";

const standardRules = new Map<string, Rule>([
  ["Add", elementwise.binary((a, b) => a + b)],
  ["Sub", elementwise.binary((a, b) => a - b)],
  ["Mul", elementwise.binary((a, b) => a * b)],
  ["Div", elementwise.binary((a, b) => a / b)],
  ["Pow", elementwise.binary((a, b) => a ** b)],
  ["Sqrt", elementwise.unary(Math.sqrt)],
  ["Reciprocal", elementwise.unary((x) => 1 / x)],
  ["Neg", elementwise.unary((x) => -x)],
  ["Exp", elementwise.unary(Math.exp)],
  ["Erf", elementwise.unary((x) => (x === 0 ? 0 : (2 * geluErf(x * Math.SQRT2)) / (x * Math.SQRT2) - 1))],
  ["Tanh", elementwise.unary(Math.tanh)],
  ["Sigmoid", elementwise.unary((x) => 1 / (1 + Math.exp(-x)))],
  ["Relu", elementwise.unary((x) => Math.max(0, x))],
  ["Gelu", elementwise.gelu],
  ["ReduceMean", elementwise.reduceMean],
  ["LayerNormalization", elementwise.layerNormalization],
  ["MatMul", matMul],
  ["Gemm", gemm],
  ["Softmax", softmax],
  ["IsNaN", isNotANumber],
  ["Where", where],
  ["Identity", movement.identity],
  ["Cast", movement.cast],
  ["CastLike", movement.castLike],
  ["Dropout", movement.dropout],
  ["Reshape", movement.reshape],
  ["Unsqueeze", movement.reshape],
  ["Squeeze", movement.reshape],
  ["Flatten", movement.reshape],
  ["Transpose", movement.transpose],
  ["Gather", movement.gather],
  ["Slice", movement.slice],
  ["Expand", movement.expand],
]);

const fusedRules = new Map<string, Rule>([
  ["Gelu", elementwise.unary(geluErf)],
  ["BiasGelu", elementwise.withBias(geluErf)],
  ["FastGelu", elementwise.withBias(geluTanh)],
  ["SkipLayerNormalization", elementwise.skipLayerNormalization],
  ["EmbedLayerNormalization", embedLayerNormalization],
  ["Attention", attention],
  ["FusedMatMul", fusedMatMul],
]);

/** Operators of quantized graphs. */
const QUANTIZED = /Integer$|QuantizeLinear$|^QLinear|^MatMulNBits$|^DynamicQuantize/;
const RANDOM = /^(Random|Bernoulli|Multinomial)/;

/** @returns the meaning of the graph's first output */
export function traceGraph({ graph, opsetImport }: OnnxModel, { shapes, numbers }: Observations): Value {
  const facts = graphFacts(graph, shapes);
  const values = new Map<string, Value>();
  for (const { name } of graph.input) values.set(name, { kind: "observed", tensor: name, ofShapes: false });
  for (const tensor of graph.initializer) {
    const name = tensor.name ?? "";
    values.set(name, floatConstant(tensor) ?? { kind: "observed", tensor: name, ofShapes: true });
  }
  const others = opsetImport.flatMap(({ domain = "" }) => (KNOWN_DOMAINS.has(domain) ? [] : [domain]));
  const context = { values, facts, numbers };
  for (const node of graph.node) {
    const [first = "", ...rest] = node.output;
    values.set(first, others.includes(node.domain ?? "") ? unfitting(node) : meaningOf(node, context));
    for (const name of rest) values.set(name, valueOfFurther(node, name));
  }
  return values.get(graph.output[0]?.name ?? "") ?? unknown("It has no logits");
}

const KNOWN_DOMAINS: ReadonlySet<string> = new Set(["", "ai.onnx", "com.microsoft"]);

interface Context {
  values: ReadonlyMap<string, Value>;
  facts: GraphFacts;
  numbers: ReadonlyMap<string, readonly number[]>;
}

function meaningOf(node: OnnxNode, { values, facts, numbers }: Context): Value {
  const [output = ""] = node.output;
  const observed = (ofShapes: boolean): Observed => ({ kind: "observed", tensor: output, ofShapes });
  if (node.opType === "Constant") return constantOf(node) ?? observed(true);
  if (node.opType === "Shape" || node.opType === "Size") return observed(true);
  if (QUANTIZED.test(node.opType)) {
    return unknown(`It is quantized already (${node.opType}), and the engine's weights are made from an FP32 file`);
  }
  const inputs = node.input.map((name) => (name === "" ? null : (values.get(name) ?? unknown(`"${name}" is missing`))));
  const stranger = inputs.find((value) => value?.kind === "unknown");
  if (stranger) return stranger;
  if (namesInSubgraphs(node).length > 0 || RANDOM.test(node.opType)) return unfitting(node);
  const rule = isStandard(node) ? standardRules.get(node.opType) : fusedRules.get(node.opType);
  const numbersOf = (value: Value | null | undefined, name: string) =>
    facts.wholeNumbers(name) ?? (value?.kind === "observed" && value.ofShapes ? numbers.get(name) : undefined);
  const wholeNumbers = (input: number) => numbersOf(inputs[input], node.input[input] ?? "");
  const scalarOf = (value: Value | null | undefined) => {
    if (value?.kind === "constant") return value.values.length === 1 ? (value.values[0] ?? null) : null;
    if (value?.kind !== "observed" || !value.ofShapes) return null;
    const [number, more] = numbersOf(value, value.tensor) ?? [];
    return number === undefined || more !== undefined ? null : number;
  };
  const found = rule?.({ node, inputs, shape: facts.shapeOf(output), wholeNumbers, scalarOf }) ?? null;
  if (found !== null) return found;
  if (inputs.some(isTraced) || inputs.length === 0) return unfitting(node);
  return observed(inputs.every((value) => value === null || value.kind === "constant" || isOfShapes(value)));
}

function isOfShapes(value: Value): boolean {
  return value.kind === "observed" && value.ofShapes;
}

function constantOf(node: OnnxNode): Value | null {
  const tensor = attributeOf(node, "value")?.t;
  if (tensor !== undefined) return floatConstant(tensor);
  const number = attributeOf(node, "value_float")?.f;
  const numbers = attributeOf(node, "value_floats")?.floats ?? (number === undefined ? undefined : [number]);
  if (numbers === undefined) return null;
  return { kind: "constant", dims: number === undefined ? [numbers.length] : [], values: Float32Array.from(numbers) };
}

/** The mask's sums, in ONNX Runtime's fused form. */
function valueOfFurther(node: OnnxNode, tensor: string): Value {
  return node.opType === "EmbedLayerNormalization" ? { kind: "observed", tensor, ofShapes: false } : unfitting(node);
}

function unfitting({ name, opType, output }: OnnxNode): Value {
  return unknown(`Its node "${name || output[0]}" (${opType}) does not fit into a BERT-like encoder`);
}
