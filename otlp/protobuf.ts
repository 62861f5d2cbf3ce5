/** OTLP's requests as protobuf: the JSON messages, walked by the table in fields.ts. Pure. */
import { ByteWriter } from "./byte-writer.ts";
import { type Field, type Kind, type Message, REQUESTS, type Scalar } from "./fields.ts";
import type { Requests, Signal } from "./messages.ts";

/** Protobuf's wire types. */
const WIRE: Readonly<Record<Scalar, number>> = { varint: 0, int64: 0, fixed64: 1, double: 1, fixed32: 5 };
const LENGTH_DELIMITED = 2;

export function encodeProtobuf<S extends Signal>(signal: S, request: Requests[S]): Uint8Array<ArrayBuffer> {
  return messageBytes(request, REQUESTS[signal]);
}

/** Every field that is there is written, zeros too: in a choice such as AnyValue even a zero says which one it is. */
function messageBytes(message: object, fields: Message): Uint8Array<ArrayBuffer> {
  const to = new ByteWriter();
  for (const [name, value] of Object.entries(message)) {
    const field = fields[name];
    if (field === undefined) throw new Error(`OTLP has no field ${name} here`);
    if (value === undefined) continue;
    const isRepeated = Array.isArray(value) && typeof field.kind === "function";
    for (const one of isRepeated ? value : [value]) writeField(to, one, field);
  }
  return to.written();
}

function writeField(to: ByteWriter, value: unknown, { number, kind }: Field): void {
  if (isScalar(kind)) {
    to.varint((number << 3) | WIRE[kind]);
    writeScalar(to, value, kind);
    return;
  }
  const block = blockOf(value, kind);
  to.varint((number << 3) | LENGTH_DELIMITED);
  to.varint(block.byteLength);
  to.bytes(block);
}

function isScalar(kind: Field["kind"]): kind is Scalar {
  return typeof kind === "string" && kind in WIRE;
}

function blockOf(value: unknown, kind: Exclude<Kind, Scalar> | (() => Message)): Uint8Array {
  if (typeof kind === "function") return messageBytes(Object(value), kind());
  switch (kind) {
    case "text":
      return new TextEncoder().encode(String(value));
    case "hex":
      return Uint8Array.from(String(value).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    case "packed-fixed64":
      return packed(value, "fixed64");
    case "packed-double":
      return packed(value, "double");
  }
}

function packed(values: unknown, kind: Scalar): Uint8Array {
  const to = new ByteWriter();
  for (const value of Array.isArray(values) ? values : []) writeScalar(to, value, kind);
  return to.written();
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
      // Negative numbers are written as their 64-bit complement.
      to.varint(BigInt.asUintN(64, BigInt(String(value))));
      break;
    case "varint":
      to.varint(Number(value));
  }
}
