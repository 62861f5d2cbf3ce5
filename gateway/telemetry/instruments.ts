/**
 * Every metric of the gateway. docs/reference/telemetry.md shows the same table, and a test compares it with what is exported.
 * Attributes hold codes, origin names and model ids only, so a caller cannot create series. Pure data.
 */

interface Described<K extends string> {
  name: string;
  /** UCUM, as OpenTelemetry asks. */
  unit: string;
  /** Sent as the metric's description. */
  meaning: string;
  /** Keys that a point may have. */
  attributes: readonly K[];
}

/** A sum since the last export. */
export interface Counter<K extends string = string> extends Described<K> {
  type: "counter";
}

/** Values in OTLP's exponential buckets, the same for every unit. */
export interface Histogram<K extends string = string> extends Described<K> {
  type: "histogram";
}

/** A value at the time of the export. */
export interface Gauge<K extends string = string> extends Described<K> {
  type: "gauge";
}

export type Instrument<K extends string = string> = Counter<K> | Histogram<K> | Gauge<K>;

function counter<const K extends string>(described: Described<K>): Counter<K> {
  return { type: "counter", ...described };
}

function histogram<const K extends string>(described: Described<K>): Histogram<K> {
  return { type: "histogram", ...described };
}

function gauge<const K extends string>(described: Described<K>): Gauge<K> {
  return { type: "gauge", ...described };
}

export const INSTRUMENTS = {
  requestDuration: histogram({
    name: "http.server.request.duration",
    unit: "s",
    meaning: "Time from the request to the answer. Probes are not counted.",
    attributes: ["http.request.method", "url.scheme", "http.route", "http.response.status_code", "error.type"],
  }),
  requests: counter({
    name: "spillway.requests",
    unit: "{request}",
    meaning:
      "Requests by the side that answered and why, or by their refusal; `mixed` where the texts of one request differ.",
    attributes: ["spillway.route", "spillway.because", "spillway.refusal"],
  }),
  tokens: histogram({
    name: "spillway.tokens",
    unit: "{token}",
    meaning: "Tokens of each answered text whose tokens were counted.",
    attributes: ["spillway.side"],
  }),
  cost: counter({
    name: "spillway.cost",
    unit: "{USD}",
    meaning:
      "Estimated US dollars: each request itself (`gateway`), each attempt of a text (`edge`, `origin`), with failed, lost and shadow attempts, and each load of the edge model (`load`).",
    attributes: ["spillway.cost.part", "spillway.try"],
  }),
  edgeRunDuration: histogram({
    name: "spillway.edge.run.duration",
    unit: "s",
    meaning: "A text's part of the time of a run of the edge model; the outcome is `ok` or why it failed or was ended.",
    attributes: ["spillway.outcome"],
  }),
  edgeQueueDuration: histogram({
    name: "spillway.edge.queue.duration",
    unit: "s",
    meaning: "Time at the edge without the text's part of its run.",
    attributes: [],
  }),
  edgeQueueDepth: gauge({
    name: "spillway.edge.queue.depth",
    unit: "{text}",
    meaning: "Texts that run or wait in the edge queue.",
    attributes: [],
  }),
  edgeHeap: gauge({
    name: "spillway.edge.heap",
    unit: "By",
    meaning: "Size of the edge engine's heap; 0 without a model.",
    attributes: [],
  }),
  edgeLoads: counter({
    name: "spillway.edge.loads",
    unit: "{load}",
    meaning: "Loads of the edge model by result: `ready`, `rejected` or `failed`.",
    attributes: ["spillway.edge.result"],
  }),
  edgeLoadDuration: histogram({
    name: "spillway.edge.load.duration",
    unit: "s",
    meaning: "Time from the first read of the bucket to the end of the load.",
    attributes: ["spillway.edge.result"],
  }),
  originDuration: histogram({
    name: "spillway.origin.duration",
    unit: "s",
    meaning: "Time of one call of an origin; the outcome is `ok` or why it failed.",
    attributes: ["spillway.origin", "spillway.outcome"],
  }),
  breakerState: gauge({
    name: "spillway.breaker.state",
    unit: "1",
    meaning: "0 closed, 1 half-open, 2 open.",
    attributes: ["spillway.side", "spillway.origin"],
  }),
  policyVersion: gauge({
    name: "spillway.policy.version",
    unit: "1",
    meaning: "The version of the policy in force.",
    attributes: [],
  }),
  modelInfo: gauge({
    name: "spillway.model.info",
    unit: "1",
    meaning: "Always 1; `spillway.model` is the model that a side answers with.",
    attributes: ["spillway.side", "spillway.origin", "spillway.model"],
  }),
  shadowComparisons: counter({
    name: "spillway.shadow.comparisons",
    unit: "{comparison}",
    meaning: "Texts that both sides classified, by whether the best labels are the same.",
    attributes: ["spillway.shadow.agrees"],
  }),
  shadowScoreDistance: histogram({
    name: "spillway.shadow.score_distance",
    unit: "1",
    meaning: "The largest difference between the two sides' scores of one label.",
    attributes: [],
  }),
  telemetryDropped: counter({
    name: "spillway.telemetry.dropped",
    unit: "{item}",
    meaning: "Spans, log records and data points of this isolate that were lost.",
    attributes: ["spillway.signal"],
  }),
};
