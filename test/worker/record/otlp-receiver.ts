/** A real OTLP/HTTP receiver for tests: keeps what arrives, and can be told to be slow, to refuse or to swallow. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LogMessage } from "../../../otlp/messages.ts";
import { decodeOtlp } from "../../support/otlp-decoder.ts";

export type Received = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
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

type TracesRequest = { resourceSpans: { scopeSpans: { spans: Received[] }[] }[] };
type LogsRequest = { resourceLogs: { scopeLogs: { logRecords: LogMessage[] }[] }[] };
type Taken = "traces" | "logs";

/** `accept` answers 200, `refuse` 400, `swallow` never answers. */
type Manner = "accept" | "refuse" | "swallow";

export class OtlpReceiver {
  manner: Manner = "accept";
  /** For one signal, where it is another one than `manner`. */
  mannerFor: Partial<Record<Taken, Manner>> = {};
  /** Everything that came, byte for byte: the place to look for what must not be there. */
  readonly bodies: string[] = [];
  /** Requests to any other path: this server plays the origin too. */
  readonly calls: IncomingMessage["headers"][] = [];
  readonly spans: Received[] = [];
  readonly logs: LogMessage[] = [];
  /** In the order of `bodies`. */
  readonly exports: { signal: Taken; contentType: string | undefined }[] = [];
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  #waiting: (() => void)[] = [];

  async listen(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  forget(): void {
    this.bodies.length = 0;
    this.calls.length = 0;
    this.spans.length = 0;
    this.logs.length = 0;
    this.exports.length = 0;
  }

  /** The spans once `enough` holds of them; fails after `boundMs`. */
  async until(enough: (spans: Received[]) => boolean, boundMs = 10_000): Promise<Received[]> {
    const deadline = Date.now() + boundMs;
    for (;;) {
      const spans = [...this.spans];
      if (enough(spans)) return spans;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`only ${spans.length} spans came`);
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

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const signal = request.url === "/v1/traces" ? "traces" : request.url === "/v1/logs" ? "logs" : undefined;
    if (signal === undefined) {
      this.calls.push(request.headers);
      response.end("{}");
      return;
    }
    const bytes = Buffer.concat(chunks);
    const contentType = request.headers["content-type"];
    this.bodies.push(bytes.toString("utf8"));
    this.exports.push({ signal, contentType });
    this.#keep(signal, contentType === "application/x-protobuf" ? decodeOtlp(signal, bytes) : JSON.parse(`${bytes}`));
    for (const wake of this.#waiting.splice(0)) wake();
    const manner = this.mannerFor[signal] ?? this.manner;
    if (manner === "swallow") return;
    response.writeHead(manner === "accept" ? 200 : 400, { "content-type": "application/json" }).end("{}");
  }

  #keep(signal: Taken, request: unknown): void {
    if (signal === "traces") {
      const { resourceSpans } = request as TracesRequest;
      this.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
    } else {
      const { resourceLogs } = request as LogsRequest;
      this.logs.push(...resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)));
    }
  }
}

export function attribute(item: Pick<Received, "attributes"> | LogMessage | undefined, key: string): unknown {
  const value = item?.attributes.find((one) => one.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}
