/** docs/reference/telemetry.md against the whole Worker, over real sockets to a real receiver. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { INSTRUMENTS } from "../../../gateway/telemetry/instruments.ts";
import { LOG_EVENTS } from "../../../gateway/telemetry/log-events.ts";
import { HAM, LONG, SHORT } from "../../support/texts.ts";
import { type OtlpReceiver, pointsOf } from "../telemetry/otlp-receiver.ts";
import { startWholeGateway, type WholeGateway } from "./whole-gateway.ts";

describe("docs/reference/telemetry.md", () => {
  const documented = documentedNames();
  let gateway: WholeGateway;
  let receiver: OtlpReceiver;
  beforeAll(async () => {
    // A candidate that was never published, which the isolate rejects.
    const candidate = { model: `mail-tagger@${"0".repeat(64)}`, share: 100 };
    gateway = await startWholeGateway({}, { shadow: { share: 100 }, candidate });
    receiver = gateway.receiver;
  }, 60_000);
  afterAll(() => gateway?.close());

  const eventNames = () => new Set(receiver.logs.map(({ eventName }) => eventName));
  const isLogged = (name: string) => eventNames().has(name);

  it("names every metric, log event and span that an isolate with many faults emits, and no other", async () => {
    for (const text of [HAM, SHORT, LONG]) await (await gateway.classify(text)).text();
    await (await gateway.fetch("/elsewhere")).text();
    // A breaker that opens.
    await gateway.program("http-500");
    await Promise.all(Array.from({ length: 5 }, async () => (await gateway.classify(LONG)).text()));
    // A policy that is no longer the one stored.
    await gateway.storePolicy("{");
    await receiver.when(() => isLogged(LOG_EVENTS.request.name) && isLogged(LOG_EVENTS.shadowDisagreed.name), 30_000);
    await untilSeen(() => isLogged(LOG_EVENTS.policyProblem.name));
    // A backend that refuses for a while.
    receiver.manner = "refuse";
    const before = receiver.exports.metrics;
    await untilSeen(() => receiver.exports.metrics > before);
    receiver.manner = "accept";
    const emitted = () => new Set(receiver.metrics.map(({ name }) => name));
    await untilSeen(() => emitted().has(INSTRUMENTS.telemetryDropped.name));

    expect([...emitted()].toSorted()).toEqual(documented.metrics.toSorted());
    expect([...eventNames()].toSorted()).toEqual(documented.events.toSorted());
    for (const name of new Set(receiver.spans.map(({ name }) => name))) expect(documented.spans).toContain(name);
    for (const { name } of receiver.metrics) {
      const attributes = Object.values(INSTRUMENTS).find((instrument) => instrument.name === name)?.attributes ?? [];
      for (const point of pointsOf(receiver.metrics, name)) {
        for (const { key } of point.attributes)
          expect([name, attributes]).toEqual([name, expect.arrayContaining([key])]);
      }
    }
    for (const { eventName, attributes } of receiver.logs) {
      if (eventName === LOG_EVENTS.request.name) continue;
      const event = Object.values(LOG_EVENTS).find(({ name }) => name === eventName);
      for (const { key } of attributes)
        expect([eventName, event?.attributes]).toEqual([eventName, expect.arrayContaining([key])]);
    }
    const everything = receiver.everything.join("\n");
    for (const text of [HAM, SHORT]) expect(everything).not.toContain(text);
  }, 120_000);

  /** Sends requests until the condition holds. */
  async function untilSeen(holds: () => boolean): Promise<void> {
    await expect
      .poll(
        async () => {
          await (await gateway.classify(HAM)).text();
          return holds();
        },
        { timeout: 40_000, interval: 50 },
      )
      .toBe(true);
  }
});

/** The names in backticks in the first column of each table. */
function documentedNames(): { metrics: string[]; events: string[]; spans: string[] } {
  const page = readFileSync(
    fileURLToPath(new URL("../../../docs/reference/telemetry.md", import.meta.url).href),
    "utf8",
  );
  const namesBelow = (heading: string) => {
    const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
    return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);
  };
  return { metrics: namesBelow("Metrics"), events: namesBelow("Logs"), spans: namesBelow("Spans") };
}
