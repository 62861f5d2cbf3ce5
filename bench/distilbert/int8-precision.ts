/**
 * INT8 as onnxruntime's quantize_dynamic writes it: the rows are quantized as they come (DynamicQuantizeLinear, shared by the
 * matrices that read the same rows), MatMulInteger, Cast, Mul by both scales, Add; tables hold bytes that are scaled after Gather.
 * Source: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */
import { intAttribute } from "../../models/onnx/attributes.ts";
import { elementType } from "../../models/onnx/element-type.ts";
import { floatTensor, rawTensor } from "../../models/onnx/tensors.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { BIAS_DEVIATION, EMBEDDING_DEVIATION, type Precision } from "./precision.ts";
import { quantize } from "./quantize.ts";
import { randomWeights } from "./weights.ts";

export function int8Precision(graph: GraphBuilder, seed: number, perChannel: boolean): Precision {
  const quantizedRows = new Map<string, { values: string; scale: string; zeroPoint: string }>();

  const matrix = (name: string, [rows, columns]: readonly [number, number], deviation: number, groups: number) => {
    const weights = randomWeights(seed, name, rows * columns, { deviation });
    const { values, scales, zeroPoints } = quantize(weights, columns, groups);
    const groupDims = groups === 1 ? [] : [groups];
    return {
      values: graph.constant(rawTensor(`${name}_quantized`, elementType.uint8, [rows, columns], values)),
      scale: graph.constant(floatTensor(`${name}_scale`, groupDims, scales)),
      zeroPoint: graph.constant(rawTensor(`${name}_zero_point`, elementType.uint8, groupDims, zeroPoints)),
    };
  };

  const quantizeRows = (rows: string) => {
    const known = quantizedRows.get(rows);
    if (known !== undefined) return known;
    const made = { values: `${rows}_quantized`, scale: `${rows}_scale`, zeroPoint: `${rows}_zero_point` };
    graph.nodeOf("DynamicQuantizeLinear", [rows], [made.values, made.scale, made.zeroPoint]);
    quantizedRows.set(rows, made);
    return made;
  };

  return {
    dense(rows, name, inputs, outputs, gain) {
      const deviation = gain / Math.sqrt(inputs);
      const weight = matrix(`${name}.weight`, [inputs, outputs], deviation, perChannel ? outputs : 1);
      const quantized = quantizeRows(rows);
      const operands = [quantized.values, weight.values, quantized.zeroPoint, weight.zeroPoint];
      const product = graph.node("MatMulInteger", operands);
      const asFloat = graph.node("Cast", [product], [intAttribute("to", elementType.float)]);
      const scaled = graph.node("Mul", [asFloat, graph.node("Mul", [quantized.scale, weight.scale])]);
      const bias = randomWeights(seed, `${name}.bias`, outputs, { deviation: BIAS_DEVIATION });
      return graph.node("Add", [graph.constant(floatTensor(`${name}.bias`, [outputs], bias)), scaled]);
    },
    embed(ids, name, rows, width) {
      const table = matrix(`${name}.weight`, [rows, width], EMBEDDING_DEVIATION, 1);
      const chosen = graph.node("Gather", [table.values, ids]);
      return graph.node("DequantizeLinear", [chosen, table.scale, table.zeroPoint]);
    },
  };
}
