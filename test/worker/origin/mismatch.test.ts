/** Two sides with different labels, as after a rollout by policy only: callers get the labels of the package that the deployment names. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Gateway } from "../../../gateway/compose.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import {
  aGateway,
  classify,
  forgetBackground,
  get,
  handClock,
  originBreaker,
  ready,
  routingOf,
  setPolicy,
  settled,
} from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";
import { withoutFlushWait } from "../support/traced-gateway.ts";
import { attributesOf, named, send, TRACE_BACKEND, texts } from "../support/traced-requests.ts";

/** The model of the fault origin. */
const ORIGIN_MODEL = `mail-tagger@${"f".repeat(64)}`;
const LABELS_DIFFER = "labels differ from the edge's: origin [no, yes], edge [ham, spam]";

const engine = sharedEngine();
let modelId: string;
beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  engine.broken = false;
  await settled();
  await env.POLICIES.delete("policy");
});

/** With a warm edge, unless `serving` names a package that is not in the bucket. */
const gatewayWith = (behaviour: string, { clock = handClock(), serving = modelId } = {}) =>
  ready(
    aGateway({
      modelId: serving,
      originUrl: `${inject("faultOrigin")}${behaviour}`,
      clock: withoutFlushWait(clock),
      engine,
      variables: { OTEL_EXPORTER_OTLP_ENDPOINT: TRACE_BACKEND },
    }),
  );

async function originInReadyz(gateway: Gateway): Promise<unknown> {
  const readyz = await get(gateway, "/readyz");
  const { origins }: { origins: Record<string, unknown> } = await readyz.json();
  return origins["default"];
}

/** The attributes of the request's own span, as the trace backend received them. */
async function traceOf(gateway: Gateway, text: string, status = 200): Promise<Record<string, unknown>> {
  const { response, spans } = await send(gateway, texts(text));
  expect(response.status).toBe(status);
  return attributesOf(named(spans, "POST /v1/classify"));
}

describe("/readyz", () => {
  it("shows the model of the origin's last answer, and none before its first answer", async () => {
    const gateway = await gatewayWith("ok");
    expect(await originInReadyz(gateway)).toMatchObject({ model: null, problem: null });
    await classify(gateway, LONG);
    expect(await originInReadyz(gateway)).toMatchObject({ model: ORIGIN_MODEL, problem: null });
  });

  it.each([
    ["other-labels", LABELS_DIFFER],
    [
      "other-problem-type",
      "problem type differs from the edge's: origin multi_label_classification, edge single_label_classification",
    ],
  ])("shows how an origin with %s differs from the edge", async (behaviour, problem) => {
    const gateway = await gatewayWith(behaviour);
    await classify(gateway, LONG);
    expect(await originInReadyz(gateway)).toMatchObject({ model: ORIGIN_MODEL, problem });
  });

  it("shows it after a rollout by policy, before the next call to the origin", async () => {
    const clock = handClock();
    const gateway = await gatewayWith("ok", { clock });
    await classify(gateway, LONG);
    const model = await publish((manifest) => {
      manifest.labels = ["keep", "drop"];
    });
    await setPolicy({ model });
    clock.moveMs(5000);
    await expect
      .poll(() => originInReadyz(gateway))
      .toMatchObject({
        problem: "labels differ from the edge's: origin [ham, spam], edge [keep, drop]",
      });
  });

  it("shows it after a shadow attempt too", async () => {
    await setPolicy({ shadow: { share: 100 } });
    const gateway = await gatewayWith("other-labels");
    expect(routingOf(await classify(gateway, SHORT)).route).toBe("edge");
    await settled();
    expect(await originInReadyz(gateway)).toMatchObject({ problem: LABELS_DIFFER });
  });
});

describe("the trace", () => {
  it("of a text that the edge answers instead contains the code", async () => {
    await setPolicy({ override: "origin" });
    const gateway = await gatewayWith("other-labels");
    expect(await traceOf(gateway, SHORT)).toMatchObject({
      "spillway.route": "edge",
      "spillway.because": "origin-failed",
      "spillway.failure": "labels-differ",
      "spillway.origin.problem": "labels-differ",
    });
  });

  it("of a text that only such an origin could answer has the reason of the refusal", async () => {
    const gateway = await gatewayWith("other-problem-type");
    expect(await traceOf(gateway, LONG, 503)).toMatchObject({ "spillway.refusal.reason": "problem-type-differs" });
  });

  it("contains no code when the edge answers, when the labels are the same, and when the edge's labels are unknown", async () => {
    const without = (attributes: Record<string, unknown>) => expect(attributes["spillway.origin.problem"]);
    const gateway = await gatewayWith("other-labels");
    without(await traceOf(gateway, SHORT)).toBeUndefined();
    without(await traceOf(await gatewayWith("ok"), LONG)).toBeUndefined();
    const unpublished = await gatewayWith("other-labels", { serving: `mail-tagger@${"0".repeat(64)}` });
    without(await traceOf(unpublished, SHORT)).toBeUndefined();
  });
});

describe("a new isolate", () => {
  const cold = (behaviour: string, parts: Partial<Parameters<typeof aGateway>[0]> = {}) =>
    aGateway({ modelId, originUrl: `${inject("faultOrigin")}${behaviour}`, clock: handClock(), engine, ...parts });

  it.each(["other-labels", "other-problem-type"])(
    "whose model is not loaded gives no answer of an origin with %s",
    async (behaviour) => {
      const gateway = cold(behaviour);
      expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ status: 200, route: "edge" });
      expect(routingOf(await classify(cold(behaviour), LONG)).status).toBe(503);
    },
  );

  it("reads no more of the bucket for an origin that answers with the model that it will load", async () => {
    const reads: string[] = [];
    const MODELS: Pick<R2Bucket, "get" | "list"> = {
      get: (async (key: string) => {
        reads.push(key);
        return null;
      }) as R2Bucket["get"],
      list: async (options) => env.MODELS.list(options),
    };
    const gateway = cold("ok", { modelId: ORIGIN_MODEL, variables: { MODELS: MODELS as R2Bucket } });
    const answer = await classify(gateway, SHORT);
    expect(routingOf(answer)).toMatchObject({ status: 200, route: "origin" });
    expect(reads).toEqual([]);
  });

  it("gives the origin's answer if its bucket is silent", async () => {
    const silent = { list: () => new Promise(() => {}) };
    const clock = handClock();
    const shorter = { ...clock, wait: (ms: number) => clock.wait(ms === 1000 ? 20 : ms) };
    const gateway = cold("other-labels", { clock: shorter, variables: { MODELS: silent as unknown as R2Bucket } });
    expect(routingOf(await classify(gateway, LONG))).toMatchObject({ status: 200, route: "origin" });
    // The load that waits for the bucket.
    forgetBackground();
  });
});

describe("an origin with other labels", () => {
  it("is unavailable: a long text is refused with 503, and its breaker opens", async () => {
    const gateway = await gatewayWith("other-labels");
    expect(routingOf(await classify(gateway, LONG)).status).toBe(503);
    expect(await originInReadyz(gateway)).toMatchObject({ lastFailure: "labels-differ", problem: LABELS_DIFFER });
    for (let call = 0; call < 10; call++) await classify(gateway, LONG);
    expect(originBreaker(gateway).state).toBe("open");
  });

  it("is no fallback either: no answer has two label sets", async () => {
    const gateway = await gatewayWith("other-labels");
    engine.broken = true;
    expect(routingOf(await classify(gateway, SHORT)).status).toBe(503);
  });
});
