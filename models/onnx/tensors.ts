/** Making and reading constant tensors. */
import { elementType } from "./element-type.ts";
import { int64, int64Bytes, int64sOf, toNumber } from "./int64.ts";
import type { OnnxTensor } from "./model.ts";

/** `rawData` little-endian, as many elements as `dims` multiply to. */
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

export function floatTensor(name: string, dims: readonly number[], values: Float32Array): OnnxTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return rawTensor(name, elementType.float, dims, bytes);
}

/** A vector. */
export function int64Tensor(name: string, values: readonly number[]): OnnxTensor {
  return rawTensor(name, elementType.int64, [values.length], int64Bytes(values));
}

export function dimensionsOf(tensor: OnnxTensor): number[] {
  return tensor.dims.map(toNumber);
}

/** The values of an INT64 or INT32 tensor in row-major order; undefined for every other type. */
export function wholeNumbersOf(tensor: OnnxTensor): number[] | undefined {
  const { dataType, rawData, int64Data, int32Data } = tensor;
  if (dataType === elementType.int64) return rawData === undefined ? int64Data.map(toNumber) : int64sOf(rawData);
  if (dataType !== elementType.int32) return undefined;
  if (rawData === undefined) return [...int32Data];
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.byteLength / 4 }, (_, index) => view.getInt32(index * 4, true));
}
