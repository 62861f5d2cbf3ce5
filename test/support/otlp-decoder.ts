/** Reads an export as strictly as any backend might: by the decoder that OpenTelemetry generated from the official definitions. */
import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import type { Requests, Signal } from "../../formats/otlp/messages.ts";

const require = createRequire(import.meta.url);
const { opentelemetry } = require("../../node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js");
const { trace, logs, metrics } = opentelemetry.proto.collector;
const TYPES = {
  traces: trace.v1.ExportTraceServiceRequest,
  logs: logs.v1.ExportLogsServiceRequest,
  metrics: metrics.v1.ExportMetricsServiceRequest,
};
/** Base64 as the decoder has bytes, hex in OTLP's JSON. */
const IDS = new Set(["traceId", "spanId", "parentSpanId"]);
/** Came into the definitions after that decoder. */
const UNKNOWN = new Set(["flags", "eventName"]);

/** @throws what is wrong with it, where it is not what the definitions say */
export function decodeOtlp<S extends Signal>(signal: S, contentType: string | undefined, body: Buffer): Requests[S] {
  if (contentType === "application/x-protobuf") return withHexIds(plain(signal, body));
  if (contentType !== "application/json") throw new Error(`${contentType} is not supported`);
  const request: Requests[S] = JSON.parse(body.toString("utf8"));
  const type = TYPES[signal];
  const message = type.fromObject(withBase64Ids(request));
  const understood = withHexIds(plain(signal, type.encode(message).finish()));
  if (!isDeepStrictEqual(known(understood), known(request))) {
    throw new Error(`${signal} are not understood as they are: ${JSON.stringify(known(request)).slice(0, 2_000)}`);
  }
  return request;
}

function plain(signal: Signal, bytes: Uint8Array) {
  const type = TYPES[signal];
  return type.toObject(type.decode(bytes), { longs: String, bytes: String });
}

function withHexIds(value: unknown) {
  return JSON.parse(JSON.stringify(value), (key, item) =>
    IDS.has(key) ? Buffer.from(item, "base64").toString("hex") : item,
  );
}

function withBase64Ids(value: unknown) {
  return JSON.parse(JSON.stringify(value), (key, item) => {
    if (!IDS.has(key)) return item;
    if (!/^([0-9a-f]{16}|[0-9a-f]{32})$/.test(item)) throw new Error(`${key} is no id: ${item}`);
    return Buffer.from(item, "hex").toString("base64");
  });
}

/** Less what the decoder does not know, and what bytes cannot tell: an empty list from none. */
function known(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, item) =>
    UNKNOWN.has(key) || (Array.isArray(item) && item.length === 0) ? undefined : item,
  );
}
