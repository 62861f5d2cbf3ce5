/** No caller notices the state of the backend. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportCounts } from "../../../gateway/telemetry/exporter.ts";
import { type FixtureWorker, startFixtureWorker } from "./fixture-worker.ts";
import { OtlpReceiver, sumOf } from "./otlp-receiver.ts";

/** Asks the Worker for its counts until `enough` holds. These requests are traced too. */
async function countsOf(
  worker: FixtureWorker,
  enough: (counts: ExportCounts) => boolean,
  boundMs = 20_000,
): Promise<ExportCounts> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    const counts = (await (await worker.fetch("/counts")).json()) as ExportCounts;
    if (enough(counts)) return counts;
    if (Date.now() > deadline) throw new Error(`the counts stayed at ${JSON.stringify(counts)}`);
  }
}

async function answers(worker: FixtureWorker, requests: number): Promise<string[]> {
  const response = () => worker.fetch("/v1/classify").then((answer) => answer.text());
  return Promise.all(Array.from({ length: requests }, response));
}

const ANSWER = '[[{"label":"ham","score":1}]]';

describe("a backend that does not work", () => {
  const receiver = new OtlpReceiver();
  let worker: FixtureWorker;
  beforeAll(async () => {
    worker = await startFixtureWorker({ OTEL_EXPORTER_OTLP_ENDPOINT: await receiver.listen() });
  }, 60_000);
  afterAll(async () => {
    await worker?.close();
    await receiver.close();
  });

  it("and refuses changes no answer, and what it refused is counted", async () => {
    receiver.manner = "refuse";
    expect(new Set(await answers(worker, 20))).toEqual(new Set([ANSWER]));
    const counts = await countsOf(
      worker,
      ({ dropped }) => dropped.traces >= 20 && dropped.logs >= 20 && dropped.metrics > 0,
    );
    expect(counts.failedExports).toBeGreaterThanOrEqual(3); // one of each signal
    expect(counts.exported).toEqual({ traces: 0, logs: 0, metrics: 0 });
  });

  it("and never answers delays no answer, and spans are held no longer than the export's timeout", async () => {
    receiver.manner = "swallow";
    const before = { ...receiver.exports };
    expect(new Set(await answers(worker, 100))).toEqual(new Set([ANSWER]));
    const held = await countsOf(worker, () => true);
    expect(held.underWay).toBeGreaterThanOrEqual(100); // all 100 were answered while their exports were under way
    await receiver.when(() => receiver.exports.logs > before.logs && receiver.exports.metrics > before.metrics);
    receiver.manner = "accept";
    const hasReleased = ({ dropped, underWay }: ExportCounts) =>
      dropped.traces > held.dropped.traces &&
      dropped.logs > held.dropped.logs &&
      dropped.metrics > held.dropped.metrics &&
      underWay < 20;
    expect(await countsOf(worker, hasReleased)).toBeDefined();
  }, 40_000);

  it("gets the number of lost items once it works", async () => {
    const lost = (signal: string) =>
      sumOf(receiver.metrics, "spillway.telemetry.dropped", { "spillway.signal": signal });
    // Read together: an export that is still under way when the test begins may lose more.
    const differences = async () => {
      const { dropped } = await countsOf(worker, () => true);
      return [lost("traces") - dropped.traces, lost("logs") - dropped.logs, lost("metrics") - dropped.metrics];
    };
    await expect.poll(differences).toEqual([0, 0, 0]);
  });

  it("is used again once it works", async () => {
    receiver.manner = "accept";
    const before = await countsOf(worker, () => true);
    await answers(worker, 5);
    const hasAll = ({ exported }: ExportCounts) =>
      exported.traces >= before.exported.traces + 5 &&
      exported.logs >= before.exported.logs + 5 &&
      exported.metrics > before.exported.metrics;
    await countsOf(worker, hasAll);
  });
});

describe("a Worker without a backend", () => {
  it("that listens changes no answer", async () => {
    const gone = new OtlpReceiver();
    const url = await gone.listen();
    await gone.close();
    const worker = await startFixtureWorker({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    try {
      expect(new Set(await answers(worker, 20))).toEqual(new Set([ANSWER]));
      await countsOf(worker, ({ dropped }) => dropped.traces >= 20 && dropped.logs >= 20 && dropped.metrics > 0);
    } finally {
      await worker.close();
    }
  }, 60_000);

  it("that is configured exports nothing, and the caller still gets a trace id", async () => {
    const worker = await startFixtureWorker({});
    try {
      const response = await worker.fetch("/v1/classify");
      expect(response.headers.get("traceresponse")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]$/);
      const counts = await countsOf(worker, () => true);
      const none = { traces: 0, logs: 0, metrics: 0 };
      expect(counts).toEqual({ exported: none, dropped: none, failedExports: 0, failures: {}, underWay: 0 });
    } finally {
      await worker.close();
    }
  }, 60_000);
});
