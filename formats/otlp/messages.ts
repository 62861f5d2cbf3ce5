/**
 * OTLP's export requests, in the fields of proto3 JSON that Spillway uses: ids in hex, 64-bit numbers as decimal text.
 * https://github.com/open-telemetry/opentelemetry-proto v1
 */
import type { AnyValue, KeyValue } from "./attributes.ts";

export interface SpanMessage {
  traceId: string;
  spanId: string;
  traceState?: string | undefined;
  parentSpanId?: string | undefined;
  /** W3C trace flags, and in bits 8 and 9 whether the parent is known to be of another process. */
  flags?: number | undefined;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  events?: EventMessage[] | undefined;
  links?: LinkMessage[] | undefined;
  status: { code: number };
}

export interface EventMessage {
  timeUnixNano: string;
  name: string;
  attributes: KeyValue[];
}

export interface LinkMessage {
  traceId: string;
  spanId: string;
  attributes: KeyValue[];
}

export interface LogMessage {
  timeUnixNano: string;
  observedTimeUnixNano: string;
  /** 9 is INFO, 13 WARN, 17 ERROR. */
  severityNumber: number;
  severityText: string;
  eventName: string;
  body: AnyValue;
  attributes: KeyValue[];
  traceId?: string | undefined;
  spanId?: string | undefined;
  flags?: number | undefined;
}

export interface NumberPoint {
  attributes: KeyValue[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  asDouble: number;
}

export interface HistogramPoint {
  attributes: KeyValue[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  count: string;
  sum: number;
  min: number;
  max: number;
  /** One more than the bounds: the last is of what lies above them all. */
  bucketCounts: string[];
  explicitBounds: number[];
}

/** Each export holds what has come since the one before: an isolate does not live long enough to be asked for totals. */
export const DELTA = 1;

export type MetricMessage = { name: string; description: string; unit: string } & (
  | { sum: { dataPoints: NumberPoint[]; aggregationTemporality: typeof DELTA; isMonotonic: boolean } }
  | { gauge: { dataPoints: NumberPoint[] } }
  | { histogram: { dataPoints: HistogramPoint[]; aggregationTemporality: typeof DELTA } }
);

interface Resource {
  attributes: KeyValue[];
}

export interface Requests {
  traces: { resourceSpans: { resource: Resource; scopeSpans: { scope: Scope; spans: SpanMessage[] }[] }[] };
  logs: { resourceLogs: { resource: Resource; scopeLogs: { scope: Scope; logRecords: LogMessage[] }[] }[] };
  metrics: { resourceMetrics: { resource: Resource; scopeMetrics: { scope: Scope; metrics: MetricMessage[] }[] }[] };
}

export type Signal = keyof Requests;
export const SIGNALS: readonly Signal[] = ["traces", "logs", "metrics"];

interface Scope {
  name: string;
}

const SCOPE: Scope = { name: "spillway" };

export function tracesRequest(attributes: KeyValue[], spans: SpanMessage[]): Requests["traces"] {
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: SCOPE, spans }] }] };
}

export function logsRequest(attributes: KeyValue[], logRecords: LogMessage[]): Requests["logs"] {
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope: SCOPE, logRecords }] }] };
}

export function metricsRequest(attributes: KeyValue[], metrics: MetricMessage[]): Requests["metrics"] {
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ scope: SCOPE, metrics }] }] };
}
