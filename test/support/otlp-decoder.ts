/** OTLP's protobuf as the decoder sees it that OpenTelemetry's own JavaScript SDK was generated with. */
import { createRequire } from "node:module";
import type { Signal } from "../../otlp/messages.ts";

const require = createRequire(import.meta.url);
const { opentelemetry } = require("../../node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js");
const { trace, logs, metrics } = opentelemetry.proto.collector;
const DECODERS = {
  traces: trace.v1.ExportTraceServiceRequest,
  logs: logs.v1.ExportLogsServiceRequest,
  metrics: metrics.v1.ExportMetricsServiceRequest,
};

const ID_FIELDS = new Set(["traceId", "spanId", "parentSpanId"]);

/** With ids in hex, as OTLP's JSON has them. It is older than a span's `flags` and a record's `eventName`: they are left out. */
export function decodeOtlp(signal: Signal, bytes: Uint8Array): unknown {
  const type = DECODERS[signal];
  const plain = type.toObject(type.decode(bytes), { longs: String, bytes: String });
  return JSON.parse(JSON.stringify(plain), (key, value) =>
    ID_FIELDS.has(key) ? Buffer.from(value, "base64").toString("hex") : value,
  );
}
