/** The composed gateway with real KV, R2 and engine, changed where a test asks for it. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import ortWasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import engineWasm from "../../../engine/dist/engine.wasm";
import type { Clock, Lifetime } from "../../../gateway/call.ts";
import { composeGateway, type Env, type Gateway } from "../../../gateway/compose.ts";
import type { EdgeEngines } from "../../../gateway/edge/choose-engine.ts";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import { createOnnxEngine } from "../../../gateway/edge/onnx/onnx-engine.ts";
import { createSpillwayEngine } from "../../../gateway/edge/spillway/spillway-engine.ts";
import type { Report } from "../../../gateway/record/events.ts";
import type { BreakerStatus } from "../../../gateway/resilience/breaker/breaker.ts";
import { CREDENTIALS } from "../../support/credentials.ts";

/** Waits are real; the time moves only when a test moves it. */
export interface HandClock extends Clock {
  moveMs(ms: number): void;
}

export function handClock(startMs = 1_000_000): HandClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    wait: (ms) => scheduler.wait(ms),
    moveMs: (ms) => {
      nowMs += ms;
    },
  };
}

/** The same clock, and the length of each wait. */
export function recordingWaits(clock: HandClock): { clock: HandClock; waits: number[] } {
  const waits: number[] = [];
  const wait = (ms: number) => {
    waits.push(ms);
    return clock.wait(ms);
  };
  return { clock: { ...clock, wait }, waits };
}

/** The request id of every request. */
export const REQUEST_ID = "test-request";

export interface GatewayParts {
  modelId: string;
  originUrl: string;
  clock: Clock;
  /** Runs the packages of every engine. */
  engine?: EdgeEngine;
  /** Default: the real ones. */
  engines?: EdgeEngines;
  /** Bindings and variables other than the test pool's. */
  variables?: Partial<Env>;
  report?: Report;
}

/** Without the ledger: a test that waits for background work would wait for its next message, 5 s. */
const { LEDGER: _, ...bindings } = { LEDGER: null, ...env };

/** Accepts anonymous requests, as the test pool's variables say. */
export function aGateway(parts: GatewayParts): Gateway {
  const { modelId, originUrl, clock, engine, engines, variables, report } = parts;
  return composeGateway(
    { ...bindings, ...CREDENTIALS, ORIGIN_REGION: "us-east-1", MODEL: modelId, ORIGIN_URL: originUrl, ...variables },
    {
      clock,
      random: () => 0.5,
      newId: () => REQUEST_ID,
      fetch: (input, init) => globalThis.fetch(input, init),
      engines: engines ?? (engine ? { "spillway-engine": engine, "onnxruntime-web": engine } : realEngines(clock)),
      ...(report && { report }),
    },
  );
}

/** The engines as the entry makes them, with empty heaps. */
export function realEngines(clock: Clock): EdgeEngines {
  return {
    "spillway-engine": createSpillwayEngine(engineWasm, clock),
    "onnxruntime-web": createOnnxEngine(ortWasm),
  };
}

/** Both engines as one: the one that a package's entry names. */
export function eitherEngine(clock: Clock): EdgeEngine {
  const onnx = createOnnxEngine(ortWasm);
  const ours = createSpillwayEngine(engineWasm, clock);
  const both = [onnx, ours];
  return {
    load: (opened, stream) => (opened.edge.engine === "onnxruntime-web" ? onnx : ours).load(opened, stream),
    discard: () => {
      for (const engine of both) engine.discard();
    },
    uncollectedBytes: () => both.reduce((sum, engine) => sum + engine.uncollectedBytes(), 0),
  };
}

let contexts: ExecutionContext[] = [];
let background: Promise<unknown>[] = [];

/** A request's life for a part that is called without the gateway around it. Work after the answer starts at once. */
export function aLifetime(signal = new AbortController().signal): Lifetime {
  return {
    request: Symbol("request"),
    signal,
    keepAlive: (work) => background.push(work),
    afterAnswer: (work) => background.push(work()),
  };
}

/** Resolves when everything that requests keep alive has ended. */
export async function settled(): Promise<void> {
  while (contexts.length > 0 || background.length > 0) {
    const [requests, works] = [contexts, background];
    contexts = [];
    background = [];
    await Promise.allSettled([...requests.map(waitOnExecutionContext), ...works]);
  }
}

/** Work begun so far is no longer waited for, as if its requests had ended. */
export function forgetBackground(): void {
  contexts = [];
  background = [];
}

/** From a new address, unless the request names one: wrong keys are counted per address, in a limiter that all files of a process share. */
export function ask(gateway: Gateway, request: Request): Promise<Response> {
  if (!request.headers.has("cf-connecting-ip")) request.headers.set("cf-connecting-ip", newAddress());
  const context = createExecutionContext();
  contexts.push(context);
  return gateway.fetch(request, context);
}

function newAddress(): string {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint16Array(2));
  return `2001:db8:${a.toString(16)}:${b.toString(16)}::1`;
}

export const get = (gateway: Gateway, path: string, headers: Record<string, string> = {}) =>
  ask(gateway, new Request(`http://gateway${path}`, { headers }));

/** What Cloudflare reports of a connection. */
export interface Connection {
  country?: string;
  isEUCountry?: "1";
  tlsVersion?: string;
}

export interface ClassifyOptions {
  cf?: Connection;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  parameters?: object;
}

export function classify(
  gateway: Gateway,
  inputs: unknown,
  { cf, headers, signal, parameters }: ClassifyOptions = {},
): Promise<Response> {
  const request = new Request("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ inputs, parameters }),
    ...(cf && { cf: { tlsVersion: "TLSv1.3", ...cf } }),
    ...(signal && { signal }),
  });
  return ask(gateway, request);
}

export async function setPolicy(policy: unknown): Promise<void> {
  await env.POLICIES.put("policy", typeof policy === "string" ? policy : JSON.stringify(policy));
}

/** Resolves when the edge has loaded. */
export async function ready(gateway: Gateway): Promise<Gateway> {
  gateway.world.sides.edge.warm(aLifetime());
  await settled();
  return gateway;
}

/** What an answer's headers say about its route. */
export function routingOf(response: Response) {
  const header = (name: string) => response.headers.get(name);
  return { status: response.status, route: header("x-spillway-route"), because: header("x-spillway-because") };
}

/** The breaker of the deployment's own origin. */
export function originBreaker({ world }: Gateway): BreakerStatus {
  const status = world.sides.origins.status().get("default");
  if (status === undefined) throw new Error("the gateway has no origin named default");
  return status.breaker;
}
