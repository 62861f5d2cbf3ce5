/** OTLP's requests as protobuf: the JSON messages are walked by the field tables below, from the last field to the first. Pure. */
import { ByteWriter } from "./byte-writer.ts";
import type { Requests, Signal } from "./messages.ts";

/** Protobuf's wire types. */
const WIRE: Readonly<Record<Scalar, number>> = { varint: 0, int64: 0, sint32: 0, fixed64: 1, double: 1, fixed32: 5 };
const LENGTH_DELIMITED = 2;

/** @throws {Error} for a field that the tables do not list: a mistake in the message */
export function encodeProtobuf<S extends Signal>(signal: S, request: Requests[S]): Uint8Array<ArrayBuffer> {
  const to = new ByteWriter();
  writeMessage(to, request, REQUESTS[signal]);
  return to.written();
}

/** Writes every field that is present, zeros too: in a choice such as AnyValue a zero still shows which field was chosen. */
function writeMessage(to: ByteWriter, message: object, fields: Message): void {
  for (const [name, value] of Object.entries(message).reverse()) {
    const field = fields[name];
    if (field === undefined) throw new Error(`The field table has no field ${name} for this OTLP message.`);
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
  else writePacked(to, value);
}

function writePacked(to: ByteWriter, values: unknown): void {
  if (!Array.isArray(values)) return;
  for (let index = values.length - 1; index >= 0; index--) writeScalar(to, values[index], "int64");
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
    case "sint32":
      to.varint(zigZag(Number(value)));
      break;
    case "varint":
      to.varint(Number(value));
  }
}

/** Small negative numbers as small positive ones: 0, -1, 1, -2 become 0, 1, 2, 3. */
function zigZag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Field numbers and wire kinds of the messages in messages.ts, from opentelemetry-proto v1 (1.x, stable). */

type Scalar = "varint" | "int64" | "sint32" | "fixed32" | "fixed64" | "double";
type Kind = Scalar | "text" | "hex" | "packed-int64";

interface Field {
  number: number;
  /** A function gives another message. It is looked up late, since OTLP's values nest in themselves. */
  kind: Kind | (() => Message);
}

type Message = Readonly<Record<string, Field>>;

const field = (number: number, kind: Field["kind"]): Field => ({ number, kind });

const anyValue: Message = {
  stringValue: field(1, "text"),
  boolValue: field(2, "varint"),
  intValue: field(3, "int64"),
  doubleValue: field(4, "double"),
  arrayValue: field(5, () => arrayValue),
};
const arrayValue: Message = { values: field(1, () => anyValue) };
const keyValue: Message = { key: field(1, "text"), value: field(2, () => anyValue) };
const resource: Message = { attributes: field(1, () => keyValue) };
const scope: Message = { name: field(1, "text") };

const event: Message = {
  timeUnixNano: field(1, "fixed64"),
  name: field(2, "text"),
  attributes: field(3, () => keyValue),
};
const link: Message = { traceId: field(1, "hex"), spanId: field(2, "hex"), attributes: field(4, () => keyValue) };
const span: Message = {
  traceId: field(1, "hex"),
  spanId: field(2, "hex"),
  traceState: field(3, "text"),
  parentSpanId: field(4, "hex"),
  name: field(5, "text"),
  kind: field(6, "varint"),
  startTimeUnixNano: field(7, "fixed64"),
  endTimeUnixNano: field(8, "fixed64"),
  attributes: field(9, () => keyValue),
  events: field(11, () => event),
  links: field(13, () => link),
  status: field(15, () => ({ code: field(3, "varint") })),
  flags: field(16, "fixed32"),
};

const logRecord: Message = {
  timeUnixNano: field(1, "fixed64"),
  severityNumber: field(2, "varint"),
  severityText: field(3, "text"),
  body: field(5, () => anyValue),
  attributes: field(6, () => keyValue),
  flags: field(8, "fixed32"),
  traceId: field(9, "hex"),
  spanId: field(10, "hex"),
  observedTimeUnixNano: field(11, "fixed64"),
  eventName: field(12, "text"),
};

const numberPoint: Message = {
  startTimeUnixNano: field(2, "fixed64"),
  timeUnixNano: field(3, "fixed64"),
  asDouble: field(4, "double"),
  attributes: field(7, () => keyValue),
};
const buckets: Message = { offset: field(1, "sint32"), bucketCounts: field(2, "packed-int64") };
const histogramPoint: Message = {
  attributes: field(1, () => keyValue),
  startTimeUnixNano: field(2, "fixed64"),
  timeUnixNano: field(3, "fixed64"),
  count: field(4, "fixed64"),
  sum: field(5, "double"),
  scale: field(6, "sint32"),
  zeroCount: field(7, "fixed64"),
  positive: field(8, () => buckets),
  min: field(12, "double"),
  max: field(13, "double"),
  zeroThreshold: field(14, "double"),
};
const metric: Message = {
  name: field(1, "text"),
  description: field(2, "text"),
  unit: field(3, "text"),
  gauge: field(5, () => ({ dataPoints: field(1, () => numberPoint) })),
  sum: field(7, () => ({
    dataPoints: field(1, () => numberPoint),
    aggregationTemporality: field(2, "varint"),
    isMonotonic: field(3, "varint"),
  })),
  exponentialHistogram: field(10, () => ({
    dataPoints: field(1, () => histogramPoint),
    aggregationTemporality: field(2, "varint"),
  })),
};

/** A request's three levels, the same for every signal: resource, scope, items. */
function request(perResource: string, perScope: string, items: string, item: Message): Message {
  const scoped: Message = { scope: field(1, () => scope), [items]: field(2, () => item) };
  const resourced: Message = { resource: field(1, () => resource), [perScope]: field(2, () => scoped) };
  return { [perResource]: field(1, () => resourced) };
}

const REQUESTS = {
  traces: request("resourceSpans", "scopeSpans", "spans", span),
  logs: request("resourceLogs", "scopeLogs", "logRecords", logRecord),
  metrics: request("resourceMetrics", "scopeMetrics", "metrics", metric),
} as const;
