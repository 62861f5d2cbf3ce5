/** A real OTLP/HTTP receiver for tests. It keeps what arrives as JSON or protobuf, and can refuse or never answer. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type LogMessage, type MetricMessage, SIGNALS, type Signal } from "../../../formats/otlp/messages.ts";
import { decodeOtlp } from "../../support/otlp-decoder.ts";

export type Received = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly traceState?: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly status: { code: number };
};

export const SERVER = 2;
export const CLIENT = 3;
export const ERROR = 2;

/** `accept` answers 200, `refuse` 400, `swallow` never answers. */
type Manner = "accept" | "refuse" | "swallow";

export class OtlpReceiver {
  manner: Manner = "accept";
  /** Overrides `manner` for a signal. */
  mannerFor: Partial<Record<Signal, Manner>> = {};
  /** Every export of spans, byte for byte, to search for what must not be exported. */
  readonly bodies: string[] = [];
  /** The headers of requests to any other path: this server is also the origin. */
  readonly calls: IncomingMessage["headers"][] = [];
  readonly spans: Received[] = [];
  /** Every export of logs and metrics, byte for byte. Of their items only accepted ones are kept. */
  readonly otherBodies: string[] = [];
  readonly logs: LogMessage[] = [];
  readonly metrics: MetricMessage[] = [];
  /** How many exports of each signal arrived, refused ones too. */
  readonly exports: Record<Signal, number> = { traces: 0, logs: 0, metrics: 0 };
  /** Each export, in order of arrival. */
  readonly arrivals: { signal: Signal; contentType: string | undefined; headers: IncomingMessage["headers"] }[] = [];
  /** Why an export could not be read; `close` fails when there is one. */
  readonly problems: string[] = [];
  readonly #basePath: string;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  #waiting: (() => void)[] = [];

  /** `basePath` is the path before `/v1/traces` and the others. */
  constructor(basePath = "") {
    this.#basePath = basePath;
  }

  /** All bodies of all signals. */
  get everything(): string[] {
    return [...this.bodies, ...this.otherBodies];
  }

  async listen(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
    if (this.problems.length > 0) throw new Error(`exports that could not be read: ${this.problems.join("\n")}`);
  }

  forget(): void {
    this.bodies.length = 0;
    this.calls.length = 0;
    this.spans.length = 0;
    this.otherBodies.length = 0;
    this.logs.length = 0;
    this.metrics.length = 0;
    this.arrivals.length = 0;
  }

  /** The spans once `enough` holds of them; fails after `boundMs`. */
  async until(enough: (spans: Received[]) => boolean, boundMs = 10_000): Promise<Received[]> {
    await this.when(() => enough([...this.spans]), boundMs);
    return [...this.spans];
  }

  /** Resolves once `holds` is true after an export of any signal; fails after `boundMs`. */
  async when(holds: () => boolean, boundMs = 20_000): Promise<void> {
    const deadline = Date.now() + boundMs;
    while (!holds()) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) {
        throw new Error(
          `only ${this.spans.length} spans, ${this.logs.length} logs, ${this.metrics.length} metrics arrived`,
        );
      }
      await this.#nextExport(leftMs);
    }
  }

  #nextExport(leftMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, leftMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #keep(signal: Signal, contentType: string | undefined, body: Buffer): void {
    this.exports[signal] += 1;
    (signal === "traces" ? this.bodies : this.otherBodies).push(body.toString("utf8"));
    const isAccepted = this.#mannerOf(signal) === "accept";
    switch (signal) {
      case "traces": {
        const { resourceSpans } = decodeOtlp(signal, contentType, body);
        this.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
        break;
      }
      case "logs": {
        const { resourceLogs } = decodeOtlp(signal, contentType, body);
        if (!isAccepted) return;
        this.logs.push(...resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)));
        break;
      }
      case "metrics": {
        const { resourceMetrics } = decodeOtlp(signal, contentType, body);
        if (!isAccepted) return;
        this.metrics.push(...resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((of) => of.metrics)));
      }
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const signal = SIGNALS.find((one) => request.url === `${this.#basePath}/v1/${one}`);
    if (signal === undefined) {
      this.calls.push(request.headers);
      response.end("{}");
      return;
    }
    const { headers } = request;
    const contentType = headers["content-type"];
    this.arrivals.push({ signal, contentType, headers });
    try {
      this.#keep(signal, contentType, Buffer.concat(chunks));
    } catch (error) {
      this.problems.push(String(error));
    }
    for (const wake of this.#waiting.splice(0)) wake();
    const manner = this.#mannerOf(signal);
    if (manner === "swallow") return;
    response.writeHead(manner === "accept" ? 200 : 400, { "content-type": "application/json" }).end("{}");
  }

  #mannerOf(signal: Signal): Manner {
    return this.mannerFor[signal] ?? this.manner;
  }
}

export function attribute(span: Pick<Received, "attributes"> | undefined, key: string): unknown {
  const value = span?.attributes.find((item) => item.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}

interface Point extends Pick<Received, "attributes"> {
  /** A histogram's count. */
  value: number;
}

/** The points of one metric, over all exports. */
export function pointsOf(metrics: readonly MetricMessage[], name: string): Point[] {
  return metrics.filter((metric) => metric.name === name).flatMap(pointsIn);
}

function pointsIn(metric: MetricMessage): Point[] {
  if ("exponentialHistogram" in metric)
    return metric.exponentialHistogram.dataPoints.map((point) => ({ ...point, value: Number(point.count) }));
  const { dataPoints } = "sum" in metric ? metric.sum : metric.gauge;
  return dataPoints.map((point) => ({ ...point, value: point.asDouble }));
}

/** The sum of the points with these attributes. */
export function sumOf(metrics: readonly MetricMessage[], name: string, where: Record<string, unknown> = {}): number {
  const wanted = Object.entries(where);
  const points = pointsOf(metrics, name).filter((point) => wanted.every(([key, is]) => attribute(point, key) === is));
  return points.reduce((sum, { value }) => sum + value, 0);
}
