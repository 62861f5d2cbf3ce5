/** The Worker's entry, and the only file that sees Env. One world per isolate, made at its first request. */
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import type { OtlpVariables } from "../formats/otlp/settings.ts";
import { PolicyStore } from "../policies/store.ts";
import { Slots } from "./admit/slots.ts";
import { app, PROBES, ROUTES } from "./app.ts";
import { type AccessVariables, createAccess } from "./authenticate/access.ts";
import type { Side } from "./decide/route.ts";
import { RetryBudget } from "./dispatch/retry-budget.ts";
import { newShadowLeases } from "./dispatch/shadow.ts";
import { EdgeIsolate } from "./edge/isolate.ts";
import { createOnnxEngine } from "./edge/onnx/onnx-engine.ts";
import { LambdaOrigins } from "./origin/origins.ts";
import { createSignedFetch } from "./origin/signed-fetch.ts";
import { policyEvents } from "./record/events.ts";
import { readGauges } from "./record/metrics.ts";
import { createBreaker } from "./resilience/breaker/breaker.ts";
import { parseCorsOrigins } from "./respond/web-headers.ts";
import { IsolateTelemetry } from "./telemetry/isolate-telemetry.ts";
import { runsAs, type WorkerVersion } from "./telemetry/resource.ts";
import { traceResponse } from "./telemetry/span.ts";
import { telemetrySettings, traced } from "./telemetry/traced.ts";
import { tracedFetch } from "./telemetry/traced-fetch.ts";
import type { Clock, World } from "./world.ts";

export interface Env extends OtlpVariables, AccessVariables {
  POLICIES: KVNamespace;
  MODELS: R2Bucket;
  /** `<name>@<sha256 of its manifest>`: the package that serves where the policy names none. */
  MODEL: string;
  /** PEM of the one key whose signature makes a package trusted. */
  MODEL_PUBLIC_KEY: string;
  ORIGIN_URL: string;
  ORIGIN_REGION: string;
  /** Whose web pages may read answers: exact origins with commas between, or `*`; nobody where it is not set. */
  CORS_ORIGINS?: string;
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
  /** Where it is deployed. */
  CF_VERSION_METADATA?: WorkerVersion;
}

/**
 * An answer that was returned has yet to be written to its socket, by the same thread. Work that blocks it right away, as loading a
 * model does, would make the caller wait after all (measured: 0.7 s).
 */
const ANSWER_LEAVES_MS = 20;
const letAnswerLeave = () => scheduler.wait(ANSWER_LEAVES_MS);

const clock: Clock = { nowMs: () => Date.now(), wait: (ms) => scheduler.wait(ms) };

let known: World | undefined;

const telemetry = new IsolateTelemetry({
  clock,
  readGauges(to) {
    if (known !== undefined) readGauges(known, to);
  },
});
const { report } = telemetry;

function buildWorld(env: Env): World {
  // Policies are read before either side is used, so these settings last only until the first request.
  const breaker = (side: Side, origin: string | null = null) =>
    createBreaker(
      origin === null ? side : `${side} ${origin}`,
      { consecutive: 5, openMs: 30_000 },
      clock,
      Math.random,
      (change) => report({ kind: "breaker", side, origin, ...change }),
    );
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
  const edge = new EdgeIsolate({
    modelId: env.MODEL,
    publicKeyPem: env.MODEL_PUBLIC_KEY,
    bucket: env.MODELS,
    engine: createOnnxEngine(wasm),
    breaker: breaker("edge"),
    clock,
    report,
  });
  const access = createAccess(env, clock);
  const cors = parseCorsOrigins(env.CORS_ORIGINS);
  return {
    clock,
    access,
    misconfigured: told([...access.problems, ...(cors.ok ? [] : [cors.problem])]),
    policies: new PolicyStore(env.POLICIES, {
      ...clock,
      changed: (now, before) => policyEvents(now, before).forEach(report),
    }),
    edge,
    origins: new LambdaOrigins({
      deployed: { url: env.ORIGIN_URL, region: env.ORIGIN_REGION },
      signedFetch: (address) => createSignedFetch({ ...address, ...credentials }, tracedFetch),
      breaker: (origin) => breaker("origin", origin),
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

/** What cannot be obeyed in the deployment's settings: told once for each isolate, and every request is refused, so nobody can overlook it. */
function told(problems: readonly string[]): readonly string[] {
  for (const problem of problems) console.error(`${problem}.`);
  return problems;
}

function worldOf(env: Env): World {
  if (known === undefined) runsAs(env.CF_VERSION_METADATA);
  known ??= buildWorld(env);
  return known;
}

const handler = {
  async fetch(request, env, context) {
    const world = worldOf(env);
    const answered = Promise.withResolvers<void>();
    const call = {
      requestId: world.newRequestId(),
      traceResponse: traceResponse(),
      isShadow: false,
      signal: request.signal,
      keepAlive: (work: Promise<unknown>) => context.waitUntil(work),
      afterAnswer: (work: () => Promise<unknown>) =>
        context.waitUntil(answered.promise.then(letAnswerLeave).then(work)),
    };
    try {
      return await app.fetch(request, { world, call });
    } finally {
      answered.resolve();
    }
  },
} satisfies ExportedHandler<Env>;

const settingsOf = (env: Env) => telemetrySettings(env, ROUTES, worldOf(env).policies.known().sampling);
const tracedHandler = traced<Env>(handler, settingsOf, telemetry);

/** A probe every few seconds would bury the requests that matter; but it can carry what they have left, and what it notices itself. */
function probed(...[request, env, context]: Parameters<typeof handler.fetch>): Promise<Response> {
  const exportContext = { otlp: settingsOf(env).otlp, keepAlive: (work: Promise<unknown>) => context.waitUntil(work) };
  return telemetry.during(exportContext, () => handler.fetch(request, env, context));
}

export default {
  ...tracedHandler,
  fetch(request, env, context) {
    if (PROBES.includes(new URL(request.url).pathname)) return probed(request, env, context);
    if (tracedHandler.fetch === undefined) throw new Error("the handler serves no fetch events");
    return tracedHandler.fetch(request, env, context);
  },
} satisfies ExportedHandler<Env>;
