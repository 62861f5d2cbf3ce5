/** Bytes ↔ models. Weights are views into the bytes they were read from: nothing is copied but the file's structure. */

import protobuf from "protobufjs/light.js";
import type { OnnxModel } from "./model.ts";
import { modelType } from "./schema.ts";

/** Protobuf's own limit for a message: https://protobuf.dev/programming-guides/proto-limits/ */
export const FILE_MAX_BYTES = 2 ** 31 - 1;

/** `name` is for the message alone. @throws Error with one sentence when the bytes are not a whole ONNX file. */
export function decodeModel(bytes: Uint8Array, name: string): OnnxModel {
  const decoded = decode(bytes, name);
  if (!isModel(decoded)) throw new Error(`${name} is not an ONNX file: it has no graph, or names no operator set.`);
  return decoded;
}

/** @throws RangeError when the file would be larger than protobuf allows. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = modelType.encode(model);
  if (writer.len > FILE_MAX_BYTES) {
    throw new RangeError(`The model has ${(writer.len / 2 ** 30).toFixed(1)} GiB; an ONNX file holds at most 2.`);
  }
  return writer.finish();
}

/** What a checkout without Git LFS has in place of a model. */
const LFS_POINTER = "version https://git-lfs.github.com/spec/";

function decode(bytes: Uint8Array, name: string): unknown {
  if (new TextDecoder().decode(bytes.subarray(0, LFS_POINTER.length)) === LFS_POINTER) {
    throw new Error(`${name} is a Git LFS pointer, not the model itself; fetch it first: git lfs pull`);
  }
  try {
    checkWire(bytes, modelType);
    return modelType.toObject(modelType.decode(bytes), { arrays: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name} is not an ONNX file: ${reason.replace(/\.$/, "")}.`, { cause: error });
  }
}

/** The schema made the object, so its fields have the types of OnnxModel; left to check is what the schema cannot require. */
function isModel(decoded: unknown): decoded is OnnxModel {
  if (typeof decoded !== "object" || decoded === null) return false;
  return "graph" in decoded && "opsetImport" in decoded && isFilled(decoded.opsetImport);
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

/** Pure. Checks an ONNX file's bytes before they are decoded, because protobufjs skips what it does not know and cuts what ends early. */

const wireTypes: Readonly<Record<string, number>> = protobuf.types.basic;
const packable: Readonly<Record<string, number>> = protobuf.types.packed;
const LENGTH_DELIMITED = 2;
/** Deeper nesting than any exporter writes; a corrupt file could otherwise exhaust the stack. */
const DEPTH_MAX = 60;

/** @throws Error naming the first field that is unknown, of another kind, or cut off. Takes milliseconds: data is stepped over. */
export function checkWire(bytes: Uint8Array, type: protobuf.Type): void {
  checkMessage(protobuf.Reader.create(bytes), bytes.byteLength, type, 0);
}

function checkMessage(reader: protobuf.Reader, end: number, type: protobuf.Type, depth: number): void {
  if (depth > DEPTH_MAX) throw new Error("it is nested too deeply");
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = type.fieldsById[tag >>> 3];
    if (field === undefined) throw new Error(`it has a field ${tag >>> 3} in ${type.name} that ONNX does not define`);
    checkField(reader, end, field, tag & 7, depth);
    if (reader.pos > end) throw new Error(`its ${type.name}.${field.name} is cut off`);
  }
}

function checkField(
  reader: protobuf.Reader,
  end: number,
  field: protobuf.Field,
  wireType: number,
  depth: number,
): void {
  const { resolvedType, type, repeated } = field;
  const single = wireTypes[type] ?? LENGTH_DELIMITED;
  const packed = repeated && wireType === LENGTH_DELIMITED && packable[type] !== undefined;
  if (wireType !== single && !packed) throw new Error(`its ${field.name} is not of type ${type}`);
  if (wireType !== LENGTH_DELIMITED) {
    reader.skipType(wireType);
    return;
  }
  const length = reader.uint32();
  if (reader.pos + length > end) throw new Error(`its ${field.name} is cut off`);
  if (resolvedType instanceof protobuf.Type) checkMessage(reader, reader.pos + length, resolvedType, depth + 1);
  else reader.skip(length);
}
