/** OTLP's requests as protobuf: the JSON messages, walked by the table in fields.ts, from the last field to the first. Pure. */
import { ByteWriter } from "./byte-writer.ts";
import { type Field, type Kind, type Message, REQUESTS, type Scalar } from "./fields.ts";
import type { Requests, Signal } from "./messages.ts";

/** Protobuf's wire types. */
const WIRE: Readonly<Record<Scalar, number>> = { varint: 0, int64: 0, fixed64: 1, double: 1, fixed32: 5 };
const LENGTH_DELIMITED = 2;

export function encodeProtobuf<S extends Signal>(signal: S, request: Requests[S]): Uint8Array<ArrayBuffer> {
  const to = new ByteWriter();
  writeMessage(to, request, REQUESTS[signal]);
  return to.written();
}

/** Every field that is there is written, zeros too: in a choice such as AnyValue even a zero says which one it is. */
function writeMessage(to: ByteWriter, message: object, fields: Message): void {
  for (const [name, value] of Object.entries(message).reverse()) {
    const field = fields[name];
    if (field === undefined) throw new Error(`OTLP has no field ${name} here`);
    if (value === undefined) continue;
    if (Array.isArray(value) && typeof field.kind === "function") {
      for (let index = value.length - 1; index >= 0; index--) writeField(to, value[index], field);
    } else writeField(to, value, field);
  }
}

function writeField(to: ByteWriter, value: unknown, { number, kind }: Field): void {
  if (isScalar(kind)) {
    writeScalar(to, value, kind);
    to.varint((number << 3) | WIRE[kind]);
    return;
  }
  const before = to.length;
  writeBlock(to, value, kind);
  to.varint(to.length - before);
  to.varint((number << 3) | LENGTH_DELIMITED);
}

function isScalar(kind: Field["kind"]): kind is Scalar {
  return typeof kind === "string" && kind in WIRE;
}

function writeBlock(to: ByteWriter, value: unknown, kind: Exclude<Kind, Scalar> | (() => Message)): void {
  if (typeof kind === "function") writeMessage(to, Object(value), kind());
  else if (kind === "text") to.text(String(value));
  else if (kind === "hex") to.hex(String(value));
  else writePacked(to, value, kind === "packed-double" ? "double" : "fixed64");
}

function writePacked(to: ByteWriter, values: unknown, kind: Scalar): void {
  if (!Array.isArray(values)) return;
  for (let index = values.length - 1; index >= 0; index--) writeScalar(to, values[index], kind);
}

function writeScalar(to: ByteWriter, value: unknown, kind: Scalar): void {
  switch (kind) {
    case "double":
      to.double(Number(value));
      break;
    case "fixed64":
      to.fixed64(BigInt(String(value)));
      break;
    case "fixed32":
      to.fixed32(Number(value));
      break;
    case "int64":
      to.int64(String(value));
      break;
    case "varint":
      to.varint(Number(value));
  }
}
