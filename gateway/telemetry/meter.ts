/**
 * Counts since the last export, in bounded memory. They are deltas, as an isolate may end before a backend could read totals from it.
 * Pure: time is an argument.
 */
import { type AttributeValue, type KeyValue, keyValues } from "../../formats/otlp/attributes.ts";
import { DELTA, type HistogramPoint, type MetricMessage, type NumberPoint } from "../../formats/otlp/messages.ts";
import { isPlainValue } from "../../formats/otlp/plain.ts";
import { unixNano } from "../../formats/otlp/unix-nano.ts";
import type { Counter, Gauge, Histogram, Instrument } from "./instruments.ts";

type Values<K extends string> = { readonly [key in K]?: string | number | boolean | undefined };

interface Series {
  attributes: KeyValue[];
  sum: number;
  count: number;
  min: number;
  max: number;
  buckets: number[];
}

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
    const above = histogram.bounds.findIndex((bound) => value <= bound);
    const bucket = above === -1 ? histogram.bounds.length : above;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    series.count += 1;
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
    if (ofInstrument.size < MAX_SERIES) return addSeries(ofInstrument, key, instrument, plainOnly(values));
    return ofInstrument.get("overflow") ?? addSeries(ofInstrument, "overflow", instrument, OVERFLOW);
  }
}

function addSeries(
  all: Map<string, Series>,
  key: string,
  instrument: Instrument,
  values: Readonly<Record<string, AttributeValue | undefined>>,
): Series {
  const buckets = instrument.type === "histogram" ? new Array<number>(instrument.bounds.length + 1).fill(0) : [];
  const attributes = keyValues(values);
  const series: Series = { attributes, sum: 0, count: 0, min: Infinity, max: -Infinity, buckets };
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
      const dataPoints = series.map(
        ({ attributes, sum, count, min, max, buckets }): HistogramPoint => ({
          attributes,
          ...times,
          count: String(count),
          sum,
          min,
          max,
          bucketCounts: buckets.map(String),
          explicitBounds: [...instrument.bounds],
        }),
      );
      return { name, description, unit, histogram: { dataPoints, aggregationTemporality: DELTA } };
    }
  }
}
