/** A gateway with tracing around it, for tests of what its traces say: each with its own policy and origin. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, inject, vi } from "vitest";
import type { SpanMessage } from "../../../formats/otlp/messages.ts";
import type { Env, Gateway } from "../../../gateway/compose.ts";
import { FLUSH_AFTER_MS } from "../../../gateway/telemetry/batch.ts";
import { SEND_TRACES_AFTER_MS } from "../../../gateway/telemetry/trace-queue.ts";
import { aGateway, type HandClock, handClock, ready, setPolicy, settled } from "./gateway.ts";
import { publish } from "./packages.ts";
import { sharedEngine } from "./shared-engine.ts";
import { attributesOf, named, type Sent, TRACE_BACKEND } from "./traced-requests.ts";

export const [SERVER, CLIENT, ERROR] = [2, 3, 2];

export const originAt = (behaviour: string) => `${inject("faultOrigin")}${behaviour}`;

/** To be called once at the top of a file: publishes the model before its tests, and clears up after each. */
export function tracedGateway() {
  const engine = sharedEngine();
  let modelId: string;
  beforeAll(async () => {
    modelId = await publish();
  });
  afterEach(async () => {
    Object.assign(engine, { broken: false, full: false, onRun: () => {} });
    vi.restoreAllMocks();
    await settled();
    await env.POLICIES.delete("policy");
  });
  return {
    engine,
    async gatewayWith(
      behaviour: string,
      policy: object,
      { clock = handClock(), variables = {} }: { clock?: HandClock; variables?: Partial<Env> } = {},
    ): Promise<Gateway> {
      await setPolicy({ version: 3, ...policy });
      return ready(
        aGateway({
          modelId,
          originUrl: originAt(behaviour),
          clock: withoutFlushWait(clock),
          engine,
          variables: { OTEL_EXPORTER_OTLP_ENDPOINT: TRACE_BACKEND, ...variables },
        }),
      );
    },
  };
}

/** What is exported is gathered for a while before it is sent; a test does not wait for that. */
export function withoutFlushWait(clock: HandClock): HandClock {
  const isFlush = (ms: number) => ms === FLUSH_AFTER_MS || ms === SEND_TRACES_AFTER_MS;
  return { ...clock, wait: (ms) => clock.wait(isFlush(ms) ? 0 : ms) };
}

export const rootOf = ({ spans }: Sent) => named(spans, "POST /v1/classify");

export function client({ spans }: Sent): SpanMessage {
  const found = spans.find(({ kind }) => kind === CLIENT);
  if (found === undefined) throw new Error("nothing was called");
  return found;
}

export const costOf = (span: SpanMessage) => Number(attributesOf(span)["spillway.cost.usd"]);

/** As in production: time passes, but no clock shows it before a wait. Spans go by `Date.now`, so that stands still too. */
export function onlyInWaits() {
  let [trueMs, shownMs] = [1_000_000, 1_000_000];
  const clock = {
    ...handClock(),
    nowMs: () => shownMs,
    wait: async (ms: number) => {
      await scheduler.wait(ms);
      shownMs = trueMs;
    },
    passMs: (ms: number) => {
      trueMs += ms;
    },
  };
  vi.spyOn(Date, "now").mockImplementation(() => shownMs);
  return clock;
}
