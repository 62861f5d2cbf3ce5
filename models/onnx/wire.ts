/** Pure. Checks an ONNX file's bytes before they are decoded, because protobufjs skips what it does not know and cuts what ends early. */
import protobuf from "protobufjs/light.js";

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
