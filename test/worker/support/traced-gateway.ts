/** A gateway with tracing around it, for tests of what its traces say: each with a policy and an origin of its own. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, inject, vi } from "vitest";
import type { SpanMessage } from "../../../formats/otlp/messages.ts";
import { tracedFetch } from "../../../gateway/telemetry/traced-fetch.ts";
import type { World } from "../../../gateway/world.ts";
import { publish } from "./packages.ts";
import { sharedEngine } from "./shared-engine.ts";
import { attributesOf, named, type Sent } from "./traced-world.ts";
import { aWorld, handClock, ready, setPolicy, settled } from "./world.ts";

export const SHORT = "WIN a free prize now, click here";
export const LONG = "see you at lunch tomorrow ".repeat(200);
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
    async worldWith(behaviour: string, policy: object, clock = handClock()): Promise<World> {
      await setPolicy({ version: 3, ...policy });
      return ready(aWorld({ modelId, originUrl: originAt(behaviour), clock, engine, send: tracedFetch }));
    },
  };
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
