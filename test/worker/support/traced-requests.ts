/** Requests to a gateway that exports its telemetry, and what of it the trace backend received. */
import { vi } from "vitest";
import type { Requests, SpanMessage } from "../../../formats/otlp/messages.ts";
import type { Gateway } from "../../../gateway/compose.ts";
import { ask, type Connection, settled } from "./gateway.ts";

/** A gateway with this in OTEL_EXPORTER_OTLP_ENDPOINT exports to `send`. */
export const TRACE_BACKEND = "http://traces.test";

export interface Sent {
  response: Response;
  spans: SpanMessage[];
  /** Everything that was exported, byte for byte. */
  bytes: string;
}

export interface Asked {
  body: string;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  cf?: Connection & { asn?: number };
  signal?: AbortSignal;
  /** Called once the answer has arrived; work that continues then is waited for. */
  onAnswer?: () => void;
}

/** Resolves when everything has ended: background work and exports too. */
export async function send(gateway: Gateway, { body, path = "/v1/classify", ...asked }: Asked): Promise<Sent> {
  const bodies: string[] = [];
  const fetchAny = globalThis.fetch;
  const backend = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (!String(input).startsWith(TRACE_BACKEND)) return fetchAny(input, init);
    bodies.push(String(init?.body));
    return new Response();
  });
  const { headers, cf, method = "POST", signal } = asked;
  const request = new Request(`http://gateway:8787${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "POST" && { body }),
    ...(cf && { cf: { tlsVersion: "TLSv1.3", ...cf } }),
    ...(signal && { signal }),
  });
  const response = await ask(gateway, request);
  asked.onAnswer?.();
  await settled();
  backend.mockRestore();
  seen.push(...bodies.flatMap((json) => spansIn(json, "spillway-gateway")));
  return { response, spans: bodies.flatMap((json) => spansIn(json)), bytes: bodies.join("\n") };
}

export type Input = string | { text: string; text_pair: string };

export const texts = (...inputs: Input[]): Asked => ({ body: JSON.stringify({ inputs }) });

const seen: SpanMessage[] = [];

/** Every span of the gateway's own that was sent so far. */
export const ours = (): readonly SpanMessage[] => seen;

function spansIn(body: string, service = ""): SpanMessage[] {
  const { resourceSpans = [] }: Partial<Requests["traces"]> = JSON.parse(body);
  const wanted = resourceSpans.filter(({ resource }) => JSON.stringify(resource).includes(service));
  return wanted.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans);
}

export function named(spans: readonly SpanMessage[], name: string): SpanMessage {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name} among ${spans.map((span) => span.name).join(", ")}`);
  return found;
}

/** Plain values; 64-bit numbers, which are text in JSON, as numbers. */
export function attributesOf({ attributes }: SpanMessage): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, "intValue" in value ? Number(value.intValue) : Object.values(value)[0]]),
  );
}

export function durationMs({ startTimeUnixNano, endTimeUnixNano }: SpanMessage): number {
  return Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;
}
