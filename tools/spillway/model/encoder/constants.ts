/** Constants of a graph in FP32. */
import type { OnnxTensor } from "../graph/model.ts";
import { dimensionsOf, elementType } from "../graph/tensors.ts";
import type { Constant } from "./expression.ts";

const FLOAT16 = 10;
const DOUBLE = 11;

/** @returns null if it is not a tensor of floating-point numbers */
export function floatConstant(tensor: OnnxTensor): Constant | null {
  const values = floatsOf(tensor);
  return values === null ? null : { kind: "constant", dims: dimensionsOf(tensor), values };
}

function floatsOf({ dataType, rawData, floatData, doubleData, int32Data }: OnnxTensor): Float32Array | null {
  if (dataType === elementType.float)
    return rawData ? new Float32Array(aligned(rawData)) : Float32Array.from(floatData);
  if (dataType === DOUBLE) {
    return Float32Array.from(rawData ? new Float64Array(aligned(rawData)) : doubleData);
  }
  if (dataType !== FLOAT16) return null;
  return Float32Array.from(new Float16Array(rawData ? aligned(rawData) : Uint16Array.from(int32Data).buffer));
}

/** A copy: the bytes of a file have any offset. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** @returns null if it is no matrix */
export function transposed({ dims, values }: Constant): Constant | null {
  const [rows, columns] = dims;
  if (rows === undefined || columns === undefined || dims.length !== 2) return null;
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return { kind: "constant", dims: [columns, rows], values: turned };
}

/** One value per feature: the last dimension, the others of size one. @returns null for other constants */
export function vectorOf({ dims, values }: Constant, width: number): Float32Array | null {
  return dims.at(-1) === width && values.length === width ? values : null;
}
