/** Requests through the app with tracing around it, as the Worker's entry has it, and what of them was sent to the trace backend. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { vi } from "vitest";
import type { Requests, SpanMessage } from "../../../formats/otlp/messages.ts";
import { app, ROUTES } from "../../../gateway/app.ts";
import { IsolateTelemetry } from "../../../gateway/telemetry/isolate-telemetry.ts";
import { traceResponse } from "../../../gateway/telemetry/span.ts";
import { telemetrySettings, traced } from "../../../gateway/telemetry/traced.ts";
import type { Call, World } from "../../../gateway/world.ts";
import { aCall, type Connection } from "./world.ts";

const BACKEND = "http://traces.test";

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
  /** Called once the answer is there; what goes on then is waited for. */
  onAnswer?: () => void;
}

/** Resolves when everything is over: background work and exports too. */
export async function send(world: World, { body, path = "/v1/classify", ...asked }: Asked): Promise<Sent> {
  const bodies: string[] = [];
  const fetchAny = globalThis.fetch;
  const backend = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (!String(input).startsWith(BACKEND)) return fetchAny(input, init);
    bodies.push(String(init?.body));
    return new Response();
  });
  const settings = () =>
    telemetrySettings({ OTEL_EXPORTER_OTLP_ENDPOINT: BACKEND }, ROUTES, world.policies.known().sampling);
  const handler = traced<object>(
    {
      async fetch(request, _, context) {
        const answered = Promise.withResolvers<void>();
        const call: Call = {
          ...aCall(asked.signal),
          traceResponse: traceResponse(),
          keepAlive: (work) => context.waitUntil(work),
          afterAnswer: (work) => context.waitUntil(answered.promise.then(work)),
        };
        try {
          return await app.fetch(request, { world, call });
        } finally {
          answered.resolve();
        }
      },
    },
    settings,
    new IsolateTelemetry({ clock: { nowMs: () => Date.now(), wait: () => scheduler.wait(0) }, readGauges: () => {} }),
  );
  const { headers, cf, method = "POST" } = asked;
  const plain = new Request(`http://gateway:8787${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "POST" && { body }),
    ...(cf && { cf: { tlsVersion: "TLSv1.3", ...cf } }),
  });
  const request = new Request<unknown, IncomingRequestCfProperties>(plain);
  const context = createExecutionContext();
  const response = await handler.fetch?.(request, {}, context);
  if (response === undefined) throw new Error("the handler serves no fetch events");
  asked.onAnswer?.();
  await waitOnExecutionContext(context);
  backend.mockRestore();
  seen.push(...bodies.flatMap((json) => spansIn(json, "spillway-gateway")));
  return { response, spans: bodies.flatMap((json) => spansIn(json)), bytes: bodies.join("\n") };
}

export const texts = (...inputs: string[]): Asked => ({ body: JSON.stringify({ inputs }) });

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
