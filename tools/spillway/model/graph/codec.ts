/** Bytes ↔ models. Weights are views into the bytes of the file: only the structure is copied. */

import protobuf from "protobufjs/light.js";
import { isLfsPointer, lfsPointerProblem } from "../../../process/read-text.ts";
import type { OnnxModel } from "./model.ts";
import { modelType } from "./schema.ts";

/** Protobuf's limit of a message: https://protobuf.dev/programming-guides/proto-limits/ */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

/**
 * @param name of the file, for the error message
 * @throws Error with one sentence when the bytes are not a whole ONNX file
 */
export function decodeModel(bytes: Uint8Array, name: string): OnnxModel {
  const decoded = decode(bytes, name);
  if (!isModel(decoded)) throw new Error(`${name} is not an ONNX file: it has no graph, or names no operator set.`);
  return decoded;
}

/** @throws RangeError when the file would be larger than protobuf allows */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = modelType.encode(model);
  if (writer.len > MAX_FILE_BYTES) {
    throw new RangeError(`The model has ${(writer.len / 2 ** 30).toFixed(1)} GiB; an ONNX file holds at most 2.`);
  }
  return writer.finish();
}

function decode(bytes: Uint8Array, name: string): unknown {
  if (isLfsPointer(bytes)) throw new Error(lfsPointerProblem(name));
  try {
    checkWire(bytes, modelType);
    return modelType.toObject(modelType.decode(bytes), { arrays: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name} is not an ONNX file: ${reason.replace(/\.$/, "")}.`, { cause: error });
  }
}

/** The schema ensures the types of all fields. It cannot require the two fields that are checked here. */
function isModel(decoded: unknown): decoded is OnnxModel {
  if (typeof decoded !== "object" || decoded === null) return false;
  return "graph" in decoded && "opsetImport" in decoded && isFilled(decoded.opsetImport);
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

const wireTypes: Readonly<Record<string, number>> = protobuf.types.basic;
const packable: Readonly<Record<string, number>> = protobuf.types.packed;
const LENGTH_DELIMITED = 2;
/** No exporter nests deeper. A corrupt file could otherwise exhaust the stack. */
const MAX_DEPTH = 60;

/**
 * Checks the bytes before they are decoded: protobufjs skips unknown fields and accepts fields that end early. Takes milliseconds,
 * since data is skipped.
 * @throws Error that names the first field that is unknown, of another type, or cut off
 */
function checkWire(bytes: Uint8Array, type: protobuf.Type): void {
  checkMessage(protobuf.Reader.create(bytes), bytes.byteLength, type, 0);
}

function checkMessage(reader: protobuf.Reader, end: number, type: protobuf.Type, depth: number): void {
  if (depth > MAX_DEPTH) throw new Error("it is nested too deeply");
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = type.fieldsById[tag >>> 3];
    if (field === undefined) throw new Error(`it has a field ${tag >>> 3} in ${type.name} that ONNX does not define`);
    checkField(reader, { end, depth, wireType: tag & 7 }, field);
    if (reader.pos > end) throw new Error(`its ${type.name}.${field.name} is cut off`);
  }
}

function checkField(
  reader: protobuf.Reader,
  { end, depth, wireType }: { end: number; depth: number; wireType: number },
  field: protobuf.Field,
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
