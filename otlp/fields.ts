/** Field numbers and wire kinds of the messages in messages.ts. Data alone, from opentelemetry-proto v1 (1.x, stable). */

export type Scalar = "varint" | "int64" | "fixed32" | "fixed64" | "double";
export type Kind = Scalar | "text" | "hex" | "packed-fixed64" | "packed-double";

export interface Field {
  number: number;
  /** Another message, looked up when it is needed: OTLP's values nest in themselves. */
  kind: Kind | (() => Message);
}

export type Message = Readonly<Record<string, Field>>;

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
const histogramPoint: Message = {
  startTimeUnixNano: field(2, "fixed64"),
  timeUnixNano: field(3, "fixed64"),
  count: field(4, "fixed64"),
  sum: field(5, "double"),
  bucketCounts: field(6, "packed-fixed64"),
  explicitBounds: field(7, "packed-double"),
  attributes: field(9, () => keyValue),
  min: field(11, "double"),
  max: field(12, "double"),
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
  histogram: field(9, () => ({
    dataPoints: field(1, () => histogramPoint),
    aggregationTemporality: field(2, "varint"),
  })),
};

/** A request's three levels, alike for every signal: resource, scope, items. */
function request(perResource: string, perScope: string, items: string, item: Message): Message {
  const scoped: Message = { scope: field(1, () => scope), [items]: field(2, () => item) };
  const resourced: Message = { resource: field(1, () => resource), [perScope]: field(2, () => scoped) };
  return { [perResource]: field(1, () => resourced) };
}

export const REQUESTS = {
  traces: request("resourceSpans", "scopeSpans", "spans", span),
  logs: request("resourceLogs", "scopeLogs", "logRecords", logRecord),
  metrics: request("resourceMetrics", "scopeMetrics", "metrics", metric),
} as const;
