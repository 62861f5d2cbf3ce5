/**
 * OTLP's export requests: the fields of its proto3 JSON that Spillway uses. Ids are hex, 64-bit numbers are decimal text.
 * https://github.com/open-telemetry/opentelemetry-proto v1
 */
import type { AnyValue, KeyValue } from "./attributes.ts";

export interface SpanMessage {
  traceId: string;
  spanId: string;
  traceState?: string | undefined;
  parentSpanId?: string | undefined;
  /** W3C trace flags; bits 8 and 9 say whether the parent is in another process. */
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

/** A point of an exponential histogram. A bucket of index `i` holds values from above 2^(i / 2^scale) to 2^((i + 1) / 2^scale). */
export interface HistogramPoint {
  attributes: KeyValue[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  count: string;
  sum: number;
  scale: number;
  /** Values that are at most `zeroThreshold`. */
  zeroCount: string;
  positive: {
    /** The index of the first bucket. */
    offset: number;
    /** Without gaps. */
    bucketCounts: string[];
  };
  min: number;
  max: number;
  zeroThreshold: number;
}

/** Each export holds what was counted since the previous one: an isolate does not live long enough to keep totals. */
export const DELTA = 1;

export type MetricMessage = { name: string; description: string; unit: string } & (
  | { sum: { dataPoints: NumberPoint[]; aggregationTemporality: typeof DELTA; isMonotonic: boolean } }
  | { gauge: { dataPoints: NumberPoint[] } }
  | { exponentialHistogram: { dataPoints: HistogramPoint[]; aggregationTemporality: typeof DELTA } }
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

/** An export request with spans of one resource. */
export function tracesRequest(attributes: KeyValue[], spans: SpanMessage[]): Requests["traces"] {
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: SCOPE, spans }] }] };
}

/** An export request with log records of one resource. */
export function logsRequest(attributes: KeyValue[], logRecords: LogMessage[]): Requests["logs"] {
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope: SCOPE, logRecords }] }] };
}

/** An export request with metrics of one resource. */
export function metricsRequest(attributes: KeyValue[], metrics: MetricMessage[]): Requests["metrics"] {
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ scope: SCOPE, metrics }] }] };
}
