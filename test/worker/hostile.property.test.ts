/**
 * Hostile requests through the whole gateway, inside workerd: each is answered in the contract's shape. SPILLWAY_HOSTILE_REQUESTS is how
 * many: 10,000 by default, 100,000 in CI, 1,000,000 each night.
 */
import { createExecutionContext } from "cloudflare:test";
import fc from "fast-check";
import { beforeAll, expect, inject, it } from "vitest";
import { type App, createApp } from "../../gateway/app.ts";
import type { Call } from "../../gateway/call.ts";
import type { Gateway } from "../../gateway/compose.ts";
import { REFUSAL_CODES } from "../../gateway/refusal.ts";
import { CANARY } from "../support/texts.ts";
import { aGateway, handClock, REQUEST_ID, ready } from "./support/gateway.ts";
import { type HostileRequest, hostileRequest } from "./support/hostile-requests.ts";
import { publish } from "./support/packages.ts";

const RUNS = inject("hostileRequests");
/** SPILLWAY_HOSTILE_SEED=<seed> runs the same requests again. */
const SEED = inject("hostileSeed");
/** Thrice what a request takes on a busy machine. */
const MAX_REQUEST_MS = 3;
/** No request waits for a clock, so one without an answer for this time hangs. */
const HANGS_AFTER_MS = 30_000;
/** The isolate keeps the context of each traced request. */
const MAX_TRACED = 4000;
/** One of so many requests is traced as well. Tracing costs three times what a refusal does, and has its own tests. */
const TRACED_EVERY = Math.max(25, Math.ceil(RUNS / MAX_TRACED));

let gateway: Gateway;
let app: App;
beforeAll(async () => {
  const clock = handClock();
  // A deadline that is never reached would keep a timer for each request while the test runs.
  const wait = (ms: number) => (ms > 10_000 ? new Promise(() => {}) : clock.wait(ms));
  const modelId = await publish();
  gateway = await ready(
    aGateway({
      modelId,
      originUrl: `${inject("faultOrigin")}ok`,
      clock: { ...clock, wait },
      variables: { CORS_ORIGINS: "https://app.example" },
    }),
  );
  app = createApp(gateway.world.deployment);
});

const { signal } = new AbortController();
/** Keeps nothing of a request after its answer: so many contexts would fill the isolate. */
const call: Call = {
  identity: { requestId: REQUEST_ID, traceResponse: null },
  lifetime: {
    request: Symbol("request"),
    signal,
    keepAlive: (work) => void work.catch(() => {}),
    afterAnswer: () => {},
  },
  recorded: null,
};

let sent = 0;
async function answerTo(request: Request): Promise<Response> {
  sent += 1;
  if (sent % TRACED_EVERY > 0) return app(request, { world: gateway.world, call });
  return gateway.fetch(request, createExecutionContext());
}

const FIELD_NAME = /^[!#$%&'*+.^`|~\w-]+$/;
/** What cannot be said in HTTP is left out. Most of that is found without an exception, as many of them take longer than the requests. */
function toRequest({ method, path, headers, body }: HostileRequest): Request {
  const sayable = new Headers();
  for (const [name, value] of headers) {
    if (!FIELD_NAME.test(name)) continue;
    try {
      sayable.append(name, value);
    } catch {}
  }
  const isBodiless = ["GET", "HEAD"].includes(method);
  return new Request(`http://gateway${path}`, { method, headers: sayable, body: isBodiless ? null : body });
}

const seen = new Map<number, number>();

/** The request that is being answered. */
let current: HostileRequest | null = null;

/** Rejects with the request that has had no answer for too long: without it, a hang would end as a timeout that names nothing. */
function watchForHangs() {
  const hang = Promise.withResolvers<never>();
  let before = -1;
  const timer = setInterval(() => {
    if (sent === before) hang.reject(new Error(`no answer to ${JSON.stringify(current)}`));
    before = sent;
  }, HANGS_AFTER_MS);
  return { hangs: hang.promise, stop: () => clearInterval(timer) };
}

async function expectContract(hostile: HostileRequest): Promise<void> {
  current = hostile;
  const request = toRequest(hostile);
  const response = await answerTo(request);
  const { status, headers } = response;
  seen.set(status, (seen.get(status) ?? 0) + 1);
  const text = await response.text();
  const all = `${status} ${[...headers].flat().join("\n")}\n${text}`;
  if (status >= 500 || all.includes(CANARY)) throw new Error(`answered with ${all}`);
  if (headers.get("x-content-type-options") !== "nosniff") throw new Error(`not hardened: ${all}`);
  if (status === 204 && request.method === "OPTIONS") return;
  if (headers.get("x-request-id") !== REQUEST_ID) throw new Error(`without its id: ${all}`);
  if (!headers.get("content-type")?.startsWith("application/json")) throw new Error(`not JSON: ${all}`);
  if (request.method === "HEAD") return;
  const value: unknown = JSON.parse(text);
  if (!(status === 200 ? isObject(value) : isError(value))) throw new Error(`not of the contract's shape: ${all}`);
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;

function isError(value: unknown): boolean {
  const { error, error_type, request_id, ...more } = {
    error: null,
    error_type: null,
    request_id: null,
    ...Object(value),
  };
  const isKnown = REFUSAL_CODES.some((code) => code === error_type);
  return typeof error === "string" && error !== "" && isKnown && request_id === REQUEST_ID && isEmpty(more);
}

const isEmpty = (more: object) => Object.keys(more).length === 0;

it(
  `${RUNS} hostile requests: no 5xx, no crash, nothing echoed, always the contract's shape`,
  async () => {
    const watch = watchForHangs();
    const sending = fc.assert(fc.asyncProperty(hostileRequest(5), expectContract), { numRuns: RUNS, seed: SEED });
    await Promise.race([sending, watch.hangs]).finally(watch.stop);
    const counts = [...seen].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`);
    console.log(`${RUNS} hostile requests, seed ${SEED}, answered with ${counts.join(", ")}`);
    // They went everywhere, the model among it. 429 needs several wrong tokens within a minute, which not every run has.
    expect([...seen.keys()].filter((status) => status !== 429).sort()).toEqual([
      200, 204, 400, 401, 404, 405, 413, 415, 422,
    ]);
    expect([gateway.world.capacity.slots.requests, gateway.world.capacity.slots.bytes]).toEqual([0, 0]);
  },
  300_000 + RUNS * MAX_REQUEST_MS,
);
