/**
 * Counts since the last export, in bounded memory. They are deltas, as an isolate may end before a backend could read totals from it.
 * Pure: time is an argument.
 */
import { BucketCounts, bucketIndex, SCALE } from "../../formats/exponential-histogram.ts";
import { type AttributeValue, type KeyValue, keyValues } from "../../formats/otlp/attributes.ts";
import { DELTA, type HistogramPoint, type MetricMessage, type NumberPoint } from "../../formats/otlp/messages.ts";
import { isPlainValue } from "../../formats/otlp/plain.ts";
import { unixNano } from "../../formats/otlp/unix-nano.ts";
import type { Counter, Gauge, Histogram, Instrument } from "./instruments.ts";

type Values<K extends string> = { readonly [key in K]?: string | number | boolean | undefined };

interface Series {
  attributes: KeyValue[];
  /** A counter's or a histogram's sum, or a gauge's value. */
  sum: number;
  /** Of a histogram only, as are the following. */
  counts: BucketCounts;
  zeroCount: number;
  min: number;
  max: number;
}

/**
 * Values up to this one count as 0: 61 µs, or a distance of 0.00006. Larger values than `MAX_VALUE` (18 hours, or 65,536 tokens) count in
 * its bucket. So a point has at most 960 buckets.
 */
const ZERO_THRESHOLD = 2 ** -14;
const MAX_VALUE = 2 ** 16;

/** Per instrument: far more than there are codes and origins. */
const MAX_SERIES = 100;
/** Points over the bound are counted in a series with this attribute, so that sums stay true. https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute */
const OVERFLOW: Readonly<Record<string, AttributeValue>> = { "otel.metric.overflow": true };

/** Attributes are those that the instrument lists. Values that are not plain are left out. */
export class Meter {
  #series: Map<Instrument, Map<string, Series>> = new Map();

  add<K extends string>(counter: Counter<K>, value: number, values: Values<K>): void {
    this.#seriesOf(counter, values).sum += value;
  }

  observe<K extends string>(histogram: Histogram<K>, value: number, values: Values<K>): void {
    const series = this.#seriesOf(histogram, values);
    if (value > ZERO_THRESHOLD) series.counts.add(bucketIndex(Math.min(value, MAX_VALUE)), 1);
    else series.zeroCount += 1;
    series.sum += value;
    series.min = Math.min(series.min, value);
    series.max = Math.max(series.max, value);
  }

  set<K extends string>(gauge: Gauge<K>, value: number, values: Values<K>): void {
    this.#seriesOf(gauge, values).sum = value;
  }

  /** Whether nothing was counted since the last export. */
  get isEmpty(): boolean {
    return this.#series.size === 0;
  }

  /** Returns the counts since `sinceMs`, the time of the call before, and starts from zero. Times are in ms since 1970. */
  take(sinceMs: number, nowMs: number): { metrics: MetricMessage[]; points: number } {
    const counted = this.#series;
    this.#series = new Map();
    const times = { startTimeUnixNano: String(unixNano(sinceMs)), timeUnixNano: String(unixNano(nowMs)) };
    let points = 0;
    const metrics = [...counted].map(([instrument, series]) => {
      points += series.size;
      return metricOf(instrument, [...series.values()], times);
    });
    return { metrics, points };
  }

  #seriesOf<K extends string>(instrument: Instrument<K>, values: Values<K>): Series {
    let ofInstrument = this.#series.get(instrument);
    if (ofInstrument === undefined) {
      ofInstrument = new Map();
      this.#series.set(instrument, ofInstrument);
    }
    let key = "";
    for (const name of instrument.attributes) key += `${values[name] ?? ""}\n`;
    const known = ofInstrument.get(key);
    if (known !== undefined) return known;
    if (ofInstrument.size < MAX_SERIES) return addSeries(ofInstrument, key, plainOnly(values));
    return ofInstrument.get("overflow") ?? addSeries(ofInstrument, "overflow", OVERFLOW);
  }
}

function addSeries(
  all: Map<string, Series>,
  key: string,
  values: Readonly<Record<string, AttributeValue | undefined>>,
): Series {
  const attributes = keyValues(values);
  const series = { attributes, sum: 0, counts: new BucketCounts(), zeroCount: 0, min: Infinity, max: -Infinity };
  all.set(key, series);
  return series;
}

/** Values may come from outside: an origin chooses its model's name. */
function plainOnly<K extends string>(values: Values<K>): Record<string, AttributeValue | undefined> {
  const plain: Record<string, AttributeValue | undefined> = {};
  for (const name in values) {
    const value = values[name];
    if (isPlainValue(value)) plain[name] = value;
  }
  return plain;
}

type Times = Pick<NumberPoint, "startTimeUnixNano" | "timeUnixNano">;

function metricOf(instrument: Instrument, series: readonly Series[], times: Times): MetricMessage {
  const { name, unit, meaning: description, type } = instrument;
  const numbers = () => series.map(({ attributes, sum }): NumberPoint => ({ attributes, ...times, asDouble: sum }));
  switch (type) {
    case "counter":
      return {
        name,
        description,
        unit,
        sum: { dataPoints: numbers(), aggregationTemporality: DELTA, isMonotonic: true },
      };
    case "gauge":
      return { name, description, unit, gauge: { dataPoints: numbers() } };
    case "histogram": {
      const dataPoints = series.map((one) => histogramPoint(one, times));
      return { name, description, unit, exponentialHistogram: { dataPoints, aggregationTemporality: DELTA } };
    }
  }
}

function histogramPoint({ attributes, sum, counts, zeroCount, min, max }: Series, times: Times): HistogramPoint {
  const count = String(counts.n + zeroCount);
  const zero = { zeroCount: String(zeroCount), zeroThreshold: ZERO_THRESHOLD };
  return { attributes, ...times, count, sum, min, max, scale: SCALE, ...zero, positive: withoutGaps(counts) };
}

/** OTLP lists the empty buckets between others too. */
function withoutGaps(counts: BucketCounts): HistogramPoint["positive"] {
  const entries = counts.entries();
  const offset = entries[0]?.[0] ?? 0;
  const bucketCounts: string[] = [];
  for (const [index, count] of entries) {
    while (bucketCounts.length < index - offset) bucketCounts.push("0");
    bucketCounts.push(String(count));
  }
  return { offset, bucketCounts };
}
