/** Constant tensors and 64-bit integers. */
import type { Int64, OnnxTensor } from "./model.ts";

/** The element types that this code uses. Source: TensorProto.DataType of onnx.proto. */
export const elementType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;

/** @param rawData little-endian, with as many elements as the product of `dims` */
export function rawTensor(name: string, dataType: number, dims: readonly number[], rawData: Uint8Array): OnnxTensor {
  return {
    name,
    dataType,
    dims: dims.map(int64),
    rawData,
    floatData: [],
    int32Data: [],
    stringData: [],
    int64Data: [],
    externalData: [],
    doubleData: [],
    uint64Data: [],
    metadataProps: [],
  };
}

/** @param values in row-major order */
export function floatTensor(name: string, dims: readonly number[], values: Float32Array): OnnxTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return rawTensor(name, elementType.float, dims, bytes);
}

/** @returns a vector of INT64 */
export function int64Tensor(name: string, values: readonly number[]): OnnxTensor {
  return rawTensor(name, elementType.int64, [values.length], int64Bytes(values));
}

/** @returns the tensor's dimensions as numbers */
export function dimensionsOf(tensor: OnnxTensor): number[] {
  return tensor.dims.map(toNumber);
}

/** @returns the values of an INT64 or INT32 tensor in row-major order; undefined for other types */
export function wholeNumbersOf(tensor: OnnxTensor): number[] | undefined {
  const { dataType, rawData, int64Data, int32Data } = tensor;
  if (dataType === elementType.int64) return rawData === undefined ? int64Data.map(toNumber) : int64sOf(rawData);
  if (dataType !== elementType.int32) return undefined;
  if (rawData === undefined) return [...int32Data];
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.byteLength / 4 }, (_, index) => view.getInt32(index * 4, true));
}

const HALF = 2 ** 32;
const BYTES = 8;

/** @throws RangeError when the number is not a safe integer */
export function int64(value: number): Int64 {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number below 2^53.`);
  return { low: value | 0, high: Math.floor(value / HALF) | 0, unsigned: false };
}

/** @returns the nearest JavaScript number. It is precise up to 2^53, which is larger than any dimension. */
export function toNumber({ low, high, unsigned }: Int64): number {
  return (unsigned ? high >>> 0 : high) * HALF + (low >>> 0);
}

/** @returns little-endian bytes, the form of a tensor's raw data */
export function int64Bytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) {
    const { low, high } = int64(value);
    view.setInt32(index * BYTES, low, true);
    view.setInt32(index * BYTES + BYTES / 2, high, true);
  }
  return bytes;
}

function int64sOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / BYTES) }, (_, index) =>
    toNumber({
      low: view.getInt32(index * BYTES, true),
      high: view.getInt32(index * BYTES + BYTES / 2, true),
      unsigned: false,
    }),
  );
}
