/** A real OTLP/HTTP receiver for tests: keeps what arrives, and can be told to be slow, to refuse or to swallow. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

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

type ExportRequest = { resourceSpans: { scopeSpans: { spans: Received[] }[] }[] };

/** `accept` answers 200, `refuse` 400, `swallow` never answers. */
type Manner = "accept" | "refuse" | "swallow";

export class OtlpReceiver {
  manner: Manner = "accept";
  /** Everything that came, byte for byte: the place to look for what must not be there. */
  readonly bodies: string[] = [];
  /** Requests to any other path: this server plays the origin too. */
  readonly calls: IncomingMessage["headers"][] = [];
  readonly spans: Received[] = [];
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
    if (request.url !== "/v1/traces") {
      this.calls.push(request.headers);
      response.end("{}");
      return;
    }
    const body = Buffer.concat(chunks).toString("utf8");
    const { resourceSpans }: ExportRequest = JSON.parse(body);
    this.bodies.push(body);
    this.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.manner === "swallow") return;
    response.writeHead(this.manner === "accept" ? 200 : 400, { "content-type": "application/json" }).end("{}");
  }
}

export function attribute(span: Received | undefined, key: string): unknown {
  const value = span?.attributes.find((item) => item.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}
