/** Builds the gateway of one isolate from its bindings and the runtime's parts. The entry uses it, and so does every test. */
import { type OtlpSettings, type OtlpVariables, otlpSettings } from "../formats/otlp/settings.ts";
import { drawBasisPoints } from "../policies/candidate.ts";
import { minPolicyVersionIn } from "../policies/min-version.ts";
import { type PolicyKv, PolicyStore } from "../policies/store.ts";
import { Slots } from "./admit/slots.ts";
import { createApp, PROBES, ROUTES } from "./app.ts";
import { type AccessVariables, createAccess } from "./authenticate/access.ts";
import type { Call, Clock } from "./call.ts";
import { RetryBudget } from "./dispatch/retry-budget.ts";
import { Shadows } from "./dispatch/shadows.ts";
import type { ModelBucket } from "./edge/bucket.ts";
import type { EdgeEngines } from "./edge/choose-engine.ts";
import { EdgeIsolate } from "./edge/isolate.ts";
import { LambdaOrigins } from "./origin/origins.ts";
import { createSignedFetch } from "./origin/signed-fetch.ts";
import { type OriginVariables, readOriginVariables } from "./origin/variables.ts";
import { policyEvents, type Report } from "./record/events.ts";
import { isolateStatus } from "./record/isolate-status.ts";
import { Ledger, type LedgerNamespace } from "./record/ledger.ts";
import { coloOf, locationHintOf } from "./record/location-hint.ts";
import { readGauges } from "./record/metrics.ts";
import { createReport } from "./record/record.ts";
import { createBreaker } from "./resilience/breaker/breaker.ts";
import { parseWebOrigins } from "./respond/web-headers.ts";
import type { SideName } from "./sides.ts";
import { parsePublicHost, pathIn } from "./telemetry/http-attributes.ts";
import type { WorkerVersion } from "./telemetry/resource.ts";
import { traceResponse } from "./telemetry/span.ts";
import { createTelemetry, type Telemetry } from "./telemetry/telemetry.ts";
import type { World } from "./world.ts";

/** The bindings, variables and secrets of the Worker. */
export interface Env extends OtlpVariables, AccessVariables, OriginVariables {
  POLICIES: PolicyKv;
  MODELS: ModelBucket;
  /** The shards of the control plane's ledger. Unset: nothing is counted. */
  LEDGER?: LedgerNamespace;
  /** `<name>@<sha256 of its manifest>`: the package that serves if the policy names none. */
  MODEL: string;
  /** PEM of the public key that packages must be signed with; two keys while they are rotated. */
  MODEL_PUBLIC_KEY: string;
  /** The web pages that may read answers: exact origins separated by commas, or `*`. Unset: no page. */
  CORS_ORIGINS?: string;
  /** No text is classified under an older policy. Unset: under any, the built-in defaults too. */
  MIN_POLICY_VERSION?: string;
  /** The gateway's host name, for its traces: `classify.example.com`. Unset: traces have none, as a caller may send any. */
  PUBLIC_HOST?: string;
  /** Only in a deployed Worker. */
  CF_VERSION_METADATA?: WorkerVersion;
}

/** What the gateway takes from the runtime instead of using it directly. */
export interface Parts {
  clock: Clock;
  /** A number from [0, 1). */
  random(): number;
  /** A random id, unique in the whole system. */
  newId(): string;
  fetch: typeof fetch;
  engines: EdgeEngines;
  /** Also receives each fact that is reported. */
  report?: Report;
}

/** The part of the runtime's context that the gateway uses. */
export type Context = Pick<ExecutionContext, "waitUntil">;

export interface Gateway {
  fetch(request: Request, context: ExecutionContext): Promise<Response>;
  world: World;
  telemetry: Telemetry;
}

/**
 * A response that was returned is still to be written to its socket, by the same thread. Work that blocks the thread right away, as
 * loading a model does, would make the caller wait after all (measured: 0.7 s).
 */
const RESPONSE_LEAVES_MS = 20;

/** The policy is read before either side is used, so these settings last only until the first request. */
const UNCONFIGURED = { consecutive: 5, openMs: 30_000 };

/** To be called in the isolate's first request: before it there is neither time nor randomness. */
export function composeGateway(env: Env, parts: Parts): Gateway {
  const { clock, fetch, newId } = parts;
  const log = (line: string) => console.error(line);
  const telemetry = createTelemetry({ clock, fetch, newId, log, version: env.CF_VERSION_METADATA ?? null });
  const otlp = otlpSettings(env);
  let requestsInProgress = 0;
  const ledger = new Ledger({
    namespace: env.LEDGER ?? null,
    clock,
    isolate: newId(),
    worker: env.CF_VERSION_METADATA?.id ?? "",
    status: () => isolateStatus(world),
  });
  const world = composeWorld(env, { ...parts, ledger, requestsInProgress: () => requestsInProgress }, telemetry, otlp);
  telemetry.addGauges((meter) => readGauges(world, meter));
  for (const problem of world.deployment.problems) log(`${problem}.`);

  const app = createApp(world.deployment);
  const { publicHost } = world.deployment;
  const settings = () => ({ otlp, sampling: world.policies.known().sampling, routes: ROUTES, publicHost });
  const answer = async (request: Request, context: Context) => {
    const answered = Promise.withResolvers<void>();
    const startedAtMs = clock.nowMs();
    requestsInProgress += 1;
    const call = newCall(request, context, answered.promise);
    try {
      return await app(request, { world, call });
    } finally {
      const { recorded } = call;
      const isCounted = recorded !== null && !isProbe(request);
      if (isCounted) world.report({ kind: "request-ended", outcome: recorded, tookMs: clock.nowMs() - startedAtMs });
      requestsInProgress -= 1;
      answered.resolve();
    }
  };
  const newCall = (request: Request, context: Context, answered: Promise<void>): Call => ({
    identity: { requestId: newId(), traceResponse: traceResponse() },
    lifetime: {
      request: Symbol("request"),
      signal: request.signal,
      keepAlive: (work) => context.waitUntil(work),
      afterAnswer: (work) => context.waitUntil(answered.then(() => clock.wait(RESPONSE_LEAVES_MS)).then(work)),
    },
    recorded: null,
  });
  const traced = telemetry.traced(answer, settings);
  /** A trace for a probe every few seconds would bury the requests that matter; a probe can still send what others left. */
  const probe = (request: Request, context: Context) =>
    telemetry.during({ otlp, keepAlive: (work) => context.waitUntil(work) }, () => answer(request, context));
  return {
    world,
    telemetry,
    fetch: (request, context) => {
      const keepAlive = (work: Promise<unknown>) => context.waitUntil(work);
      // Read only where the request sends what was counted, which one in hundreds does.
      const ledgerContext = {
        keepAlive,
        get hint() {
          return locationHintOf(request.cf);
        },
        get colo() {
          return coloOf(request.cf);
        },
      };
      const serve = isProbe(request) ? probe : traced;
      return ledger.during(ledgerContext, () => serve(request, context));
    },
  };
}

function isProbe({ url }: Request): boolean {
  return PROBES.includes(pathIn(url));
}

interface WorldParts extends Parts {
  ledger: Ledger;
  requestsInProgress(): number;
}

function composeWorld(
  env: Env,
  { clock, random, engines, ledger, requestsInProgress, report: tap }: WorldParts,
  telemetry: Telemetry,
  otlp: OtlpSettings,
): World {
  const record = createReport(telemetry);
  const report: Report = (event) => {
    record(event);
    ledger.count(event);
    tap?.(event);
  };
  const breaker = (side: SideName, origin: string | null = null) =>
    createBreaker(origin === null ? side : `${side} ${origin}`, UNCONFIGURED, {
      clock,
      random,
      changed: (change) => report({ kind: "breaker", side, origin, ...change }),
    });
  const edge = new EdgeIsolate({
    modelId: env.MODEL.trim(),
    publicKeyPem: env.MODEL_PUBLIC_KEY,
    bucket: env.MODELS,
    engines,
    basisPoints: drawBasisPoints(random()),
    breaker: breaker("edge"),
    clock,
    report,
    requestsInProgress,
  });
  const { deployed, credentials, problems: originProblems } = readOriginVariables(env);
  const origins = new LambdaOrigins({
    deployed,
    signedFetch: (address) => createSignedFetch({ ...address, ...credentials }, telemetry.fetch),
    breaker: (origin) => breaker("origin", origin),
    longTextsBreaker: (origin) => createBreaker(`origin ${origin} long texts`, UNCONFIGURED, { clock, random }),
    clock,
    report,
    edgeClassifier: (model) => edge.classifierBeside(model),
    fullWindow: () => edge.fullWindow(),
  });
  const access = createAccess(env, clock);
  const webOrigins = parseWebOrigins(env.CORS_ORIGINS);
  const minPolicyVersion = minPolicyVersionIn(env.MIN_POLICY_VERSION);
  const publicHost = parsePublicHost(env.PUBLIC_HOST);
  return {
    clock,
    deployment: {
      allowedWebOrigins: webOrigins.ok ? webOrigins.origins : [],
      problems: [
        ...access.problems,
        ...(webOrigins.ok ? [] : [webOrigins.problem]),
        ...[minPolicyVersion, publicHost].flatMap((parsed) => (parsed.ok ? [] : [parsed.problem])),
        ...originProblems,
        ...otlp.problems.map(({ name, message }) => `${name} ${message}`),
      ],
      minPolicyVersion: minPolicyVersion.ok ? minPolicyVersion.version : 0,
      publicHost: publicHost.ok ? publicHost.host : null,
      exportCounts: () => telemetry.exportCounts(),
      ledgerCounts: () => ledger.counts(),
    },
    access,
    policies: new PolicyStore(env.POLICIES, {
      ...clock,
      changed: (now, before) => policyEvents(now, before).forEach(report),
    }),
    sides: { edge, origins },
    capacity: { slots: new Slots(), retryBudget: new RetryBudget(), shadows: new Shadows() },
    report,
  };
}
