/** The rule of each operator that works row by row. */
import {
  concat,
  expand,
  gather,
  layerNormalization,
  reduce,
  reshape,
  skipLayerNormalization,
  slice,
  softmax,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from "./axis-rules.ts";
import type { OnnxNode } from "./model.ts";
import { isStandard } from "./nodes.ts";
import { elementwise, fusedMatMul, gemm, matMul, matMulInteger, quantization } from "./product-rules.ts";
import type { RowRule } from "./row-rule.ts";

const elementwiseOperators = [
  ...["Add", "Sub", "Mul", "Div", "Pow", "Mod", "Min", "Max", "Sum", "Mean", "Neg", "Abs", "Sqrt", "Reciprocal"],
  ...["Exp", "Log", "Erf", "Tanh", "Sigmoid", "Relu", "LeakyRelu", "Elu", "Softplus", "HardSigmoid", "Mish", "Gelu"],
  ...["Sin", "Cos", "Floor", "Ceil", "Round", "Sign", "Clip", "Where", "Cast", "Identity", "Dropout"],
  ...["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not", "Xor", "IsNaN", "IsInf"],
];

const rules: ReadonlyMap<string, RowRule> = new Map<string, RowRule>([
  ...elementwiseOperators.map((opType) => [opType, elementwise] as const),
  ...["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2"].map((opType) => [opType, reduce] as const),
  ["QuantizeLinear", quantization],
  ["DequantizeLinear", quantization],
  ["MatMul", matMul],
  ["MatMulInteger", matMulInteger],
  ["Gemm", gemm],
  ["Transpose", transpose],
  ["Reshape", reshape],
  ["Expand", expand],
  ["Unsqueeze", unsqueeze],
  ["Squeeze", squeeze],
  ["Softmax", softmax],
  ["LogSoftmax", softmax],
  ["LayerNormalization", layerNormalization],
  ["Concat", concat],
  ["Split", split],
  ["Slice", slice],
  ["Gather", gather],
]);

/** Fused operators of ONNX Runtime: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md */
const fusedRules: ReadonlyMap<string, RowRule> = new Map<string, RowRule>([
  ...["Gelu", "BiasGelu", "FastGelu", "QuickGelu"].map((opType) => [opType, elementwise] as const),
  ["FusedMatMul", fusedMatMul],
  ["SkipLayerNormalization", skipLayerNormalization],
]);

/** @returns undefined for operators that mix rows and for unknown operators */
export function rowRuleOf(node: OnnxNode): RowRule | undefined {
  if (isStandard(node)) return rules.get(node.opType);
  return node.domain === "com.microsoft" ? fusedRules.get(node.opType) : undefined;
}
