/** Requests while the policy has a candidate: what callers see, and what is counted for which model. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, it } from "vitest";
import { shortModelId } from "../../../formats/model-package/names.ts";
import type { IsolateEvent } from "../../../gateway/record/events.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { urlOf } from "../support/faulty.ts";
import { aGateway, classify, get, handClock, routingOf, setPolicy, settled } from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

const engine = sharedEngine();
let incumbent: string;
let candidate: string;
beforeAll(async () => {
  incumbent = await publish();
  candidate = await publish((manifest) => {
    manifest.version = 99;
  });
});
afterEach(async () => {
  await settled();
  await env.POLICIES.delete("policy");
});

/** A gateway that has served one text, and so has loaded what its isolate runs; its number is 5,000 of 10,000. */
async function gatewayAt(share: number) {
  await setPolicy({ version: 3, shadow: { share: 100 }, candidate: { model: candidate, share } });
  const events: IsolateEvent[] = [];
  const report = (event: IsolateEvent) => events.push(event);
  const gateway = aGateway({
    modelId: incumbent,
    originUrl: urlOf("ok?candidate"),
    clock: handClock(),
    engine,
    report,
  });
  expect(routingOf(await classify(gateway, "the first text")).because).toBe("edge-cold");
  await settled();
  return { gateway, events };
}

it.each([
  ["inside its share", 100, "selected"],
  ["outside its share", 50, "not-selected"],
])(
  "in an isolate %s: the model that answers is named, and texts and comparisons count for the isolate's model",
  async (_, share, state) => {
    const model = share === 100 ? candidate : incumbent;
    const { gateway, events } = await gatewayAt(share);
    const short = await classify(gateway, SHORT);
    expect(routingOf(short).route).toBe("edge");
    expect(short.headers.get("x-spillway-model")).toBe(shortModelId(model));
    // The origin runs another package with the same labels: its answers are used as in any isolate.
    expect(routingOf(await classify(gateway, LONG))).toMatchObject({
      status: 200,
      route: "origin",
      because: "too-long",
    });
    await settled();
    const readyz = await (await get(gateway, "/readyz")).json();
    expect(readyz).toMatchObject({
      edge: { state: "ready", model, candidate: { model: candidate, state, reason: null } },
      origins: { default: { problem: null } },
    });
    const ended = events.filter((event) => event.kind === "text-ended");
    expect(ended.map(({ side, assignedModel }) => [side, assignedModel])).toEqual([
      ["origin", model],
      ["edge", model],
      ["origin", model],
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: "shadow", model, policyVersion: 3, isRepeated: false }),
    );
  },
);
