/** A world of real parts, bent where a test asks for it. */
import { env } from "cloudflare:workers";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { Slots } from "../../../gateway/admit/slots.ts";
import { app } from "../../../gateway/app.ts";
import { type Access, createAccess } from "../../../gateway/authenticate/access.ts";
import { RetryBudget } from "../../../gateway/dispatch/retry-budget.ts";
import { newShadowLeases } from "../../../gateway/dispatch/shadow.ts";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import { EdgeIsolate } from "../../../gateway/edge/isolate.ts";
import { createOnnxEngine } from "../../../gateway/edge/onnx/onnx-engine.ts";
import { LambdaOrigins } from "../../../gateway/origin/origins.ts";
import { createSignedFetch } from "../../../gateway/origin/signed-fetch.ts";
import type { Report } from "../../../gateway/record/events.ts";
import { type BreakerStatus, createBreaker } from "../../../gateway/resilience/breaker/breaker.ts";
import type { CorsSetting } from "../../../gateway/respond/web-headers.ts";
import type { Call, Clock, World } from "../../../gateway/world.ts";
import { type PolicyKv, PolicyStore } from "../../../policies/store.ts";

/** Real waiting, time that moves only when told. */
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

export const credentials = { accessKeyId: "AKIA0CANARY0ID", secretAccessKey: "canary-secret-access-key" };

/** The same clock, and how long was waited for, each time. */
export function recordingWaits(clock: HandClock): { clock: HandClock; waits: number[] } {
  const waits: number[] = [];
  const wait = (ms: number) => {
    waits.push(ms);
    return clock.wait(ms);
  };
  return { clock: { ...clock, wait }, waits };
}

export interface Parts {
  modelId: string;
  originUrl: string;
  clock: Clock;
  engine?: EdgeEngine;
  kv?: PolicyKv;
  /** Open to everybody unless given. */
  access?: Access;
  /** Does the fetching of signed requests. */
  send?: typeof fetch;
  report?: Report;
  cors?: CorsSetting;
}

const plainFetch: typeof fetch = (input, init) => globalThis.fetch(input, init);

export function aWorld(parts: Parts): World {
  const { modelId, originUrl, clock, engine, kv = env.POLICIES, send = plainFetch, report = () => {} } = parts;
  const breaker = (name: string) => createBreaker(name, { consecutive: 5, openMs: 30_000 }, clock, () => 0.5);
  const edge = new EdgeIsolate({
    modelId,
    publicKeyPem: env.MODEL_PUBLIC_KEY,
    bucket: env.MODELS,
    engine: engine ?? createOnnxEngine(wasm),
    breaker: breaker("edge"),
    clock,
    report,
  });
  const { access = createAccess(env, clock), cors = { ok: true, origins: [] } } = parts;
  return {
    clock,
    access,
    misconfigured: [...access.problems, ...(cors.ok ? [] : [cors.problem])],
    policies: new PolicyStore(kv, clock),
    edge,
    origins: new LambdaOrigins({
      deployed: { url: originUrl, region: "us-east-1" },
      signedFetch: (address) => createSignedFetch({ ...address, ...credentials }, send),
      breaker,
      clock,
      report,
      edgeClassifier: () => edge.classifier(),
    }),
    retryBudget: new RetryBudget(),
    shadowLeases: newShadowLeases(),
    slots: new Slots(),
    corsOrigins: cors.ok ? cors.origins : [],
    report,
    newRequestId: () => crypto.randomUUID(),
  };
}

/** Work that calls have asked to be kept alive for. */
const background: Promise<unknown>[] = [];

export function aCall(signal = new AbortController().signal): Call {
  return {
    requestId: "test-request",
    traceResponse: undefined,
    isShadow: false,
    signal,
    keepAlive: (work) => background.push(work),
    afterAnswer: (work) => background.push(work()),
  };
}

export async function settled(): Promise<void> {
  await Promise.allSettled(background.splice(0));
}

/** What Cloudflare says of a connection. */
export interface Connection {
  country?: string;
  isEUCountry?: "1";
  tlsVersion?: string;
}

/** A classify request through the app, as the Worker's entry passes it on. */
export async function classify(
  world: World,
  inputs: unknown,
  call = aCall(),
  { cf, headers }: { cf?: Connection; headers?: Record<string, string> } = {},
): Promise<Response> {
  const request = new Request("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ inputs }),
    ...(cf && { cf: { tlsVersion: "TLSv1.3", ...cf } }),
  });
  return app.fetch(request, { world, call });
}

export async function setPolicy(policy: unknown): Promise<void> {
  await env.POLICIES.put("policy", typeof policy === "string" ? policy : JSON.stringify(policy));
}

export async function ready(world: World): Promise<World> {
  world.edge.warm(aCall());
  await settled();
  return world;
}

/** What an answer says of its way. */
export function routingOf(response: Response) {
  const header = (name: string) => response.headers.get(name);
  return { status: response.status, route: header("x-spillway-route"), because: header("x-spillway-because") };
}

/** The breaker of the deployment's own origin. */
export function originBreaker({ origins }: World): BreakerStatus {
  const status = origins.status().get("default");
  if (status === undefined) throw new Error("the world has no origin named default");
  return status.breaker;
}
