/**
 * The experiment on the running system: texts through every path, and the report's counts against the client's own. Then without the control
 * plane: no answer is lost, and the report states how much was not counted. SPILLWAY_EXPERIMENT_TEXTS is how many: 200, in CI 2,000.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { decodeBase64 } from "../../formats/encodings.ts";
import type { LedgerAnswer } from "../../formats/ledger/answer.ts";
import { decodeCells } from "../../formats/ledger/codec.ts";
import { CountingClient } from "./support/counting-client.ts";
import { spillway } from "./support/spillway.ts";
import { applyPolicy } from "./support/stored.ts";
import { askByContract, findDescendant, type Running, start, until } from "./support/system.ts";

const TEXTS = inject("experimentTexts");
const SHARE_PERCENT = 50;
/** A text has a fallback and a hedge whenever it needs one, and a slow machine causes none. */
const POLICY = {
  edge: { share: SHARE_PERCENT, stickyBy: "text", maxQueueMs: 30_000 },
  origin: { timeoutMs: 60_000 },
  breaker: { origin: { slowMs: 60_000 } },
  retryBudget: { percent: 100, minPerSecond: 1000 },
};
/** An isolate sends 5 s after its first count, 15 s after a message that failed. */
const SENT_WITHIN_MS = 60_000;
const CONTROL_PLANE = "control-plane.json";

let folder: string;
let system: Running;
const client = new CountingClient(SHARE_PERCENT);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-e2e-"));
  system = await start({ SPILLWAY_STATE_DIR: folder });
  await applyPolicy(system, { version: 1, ...POLICY });
});
afterAll(async () => {
  if (system?.process.exitCode === null) await system.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Texts and requests that the ledger has, and those that it knows to be missing. */
async function recordsIn({ ports }: Running) {
  const answer: LedgerAnswer = await (await fetch(`http://127.0.0.1:${ports.control}/v1/ledger`)).json();
  const n = { text: 0, request: 0, missing: 0 };
  for (const { series, cell } of decodeCells(decodeBase64(answer.cells) ?? new Uint8Array()))
    if (series.kind in n) n[series.kind as keyof typeof n] += cell.n;
  return n;
}

const reportNow = async () => JSON.parse(await spillway(system, "report", "--json"));

/** By nearest rank. */
const p95 = (times: readonly number[]) =>
  times.toSorted((a, b) => a - b)[Math.ceil(0.95 * times.length) - 1] ?? Number.NaN;

const kill = async (words: string) => process.kill(await findDescendant(system, words), "SIGKILL");

describe(`${TEXTS} texts through every path`, () => {
  it("are answered: at both sides, cold, as fallbacks, as hedges, with shadows, past a killed origin, after a restart", async () => {
    await client.sendTogether(system, 0.5 * TEXTS, 0.1);
    for (const inputs of [[], "", { text: 7 }, "x ".repeat(600_000)]) await client.send(system, inputs);

    await applyPolicy(system, { version: 2, ...POLICY, shadow: { share: 30 } });
    await client.sendMany(system, 0.15 * TEXTS, 0.05);
    await applyPolicy(system, { version: 3, ...POLICY, hedge: { enabled: true, afterMs: 1 } });
    await client.sendMany(system, 0.15 * TEXTS, 0.05);

    await applyPolicy(system, { version: 4, ...POLICY });
    await kill("tools/local-lambda/main.ts");
    await client.sendMany(system, 0.05 * TEXTS, 0.1);
    await until("the origin again", async () => (await client.send(system, client.text("long"))).status === 200);
    await client.sendMany(system, 0.05 * TEXTS, 0.1);

    // What this isolate has counted must be out before it ends.
    await until("its counts", async () => (await recordsIn(system)).request === client.counts.requests, SENT_WITHIN_MS);
    await system.stop();
    const restarted = start({ ...portsOf(system), SPILLWAY_STATE_DIR: folder });
    // The first texts find a cold isolate.
    await until("a cold answer", async () => {
      const sent = await client.send(system, client.text("short")).catch(() => null);
      return sent?.headers.get("x-spillway-because") === "edge-cold";
    });
    system = await restarted;
    await client.sendMany(system, 0.1 * TEXTS, 0.1);
    expect(client.counts.failures).toMatchObject({ inside: 0, outside: 0 });
    const { reasons } = client.counts;
    for (const because of ["within-share", "outside-share", "too-long", "edge-cold", "hedge", "origin-failed"])
      expect(reasons[because], because).toBeGreaterThan(0);
  }, 300_000);

  it("are in the report to the last one, with each arm's P95", async () => {
    const { requests, texts, failures, times, reasons, refusals } = client.counts;
    await until("every count", async () => (await recordsIn(system)).request >= requests, SENT_WITHIN_MS);
    const report = await reportNow();
    expect(report.requests).toBe(requests);
    expect(report.coverage).toBe(1);
    for (const arm of ["inside", "outside", "ineligible"] as const) {
      expect([report.arms[arm].texts, report.arms[arm].failures], arm).toEqual([texts[arm], failures[arm]]);
    }
    expect(report.reasons).toEqual(reasons);
    expect(report.refusals).toBe(Object.values(refusals).reduce((sum, count) => sum + count, 0));
    for (const arm of ["inside", "outside"] as const)
      expect(Math.abs(report.arms[arm].p95Ms / p95(times[arm]) - 1), arm).toBeLessThan(0.011);
    expect(report.agreement.compared).toBeGreaterThan(0);
    expect(report.costUsd.total).toBeGreaterThan(0);
    // The isolates before and after the restart have reported it.
    const [last] = JSON.parse(await spillway(system, "policy", "history", "--json"));
    expect(last.version).toBe(4);
    expect(last.isolates).toBeGreaterThan(0);
  });
});

describe("a control plane that is killed in the middle", () => {
  it("loses no answer, and coverage is the part that was counted", async () => {
    const before = client.counts.requests;
    const failuresBefore = { ...client.counts.failures };
    await kill(CONTROL_PLANE);
    await client.sendMany(system, 50, 0.1);
    expect(client.counts.failures).toEqual(failuresBefore);
    // npm start starts it again within seconds. It stays down until a message has found it down.
    await until("a lost message", async () => {
      await client.sendMany(system, 1, 0);
      if ((await askByContract(system, "/readyz")).body.ledger.lost > 0) return true;
      await kill(CONTROL_PLANE).catch(() => {});
      return false;
    });
    // The next message shows what is missing.
    await until(
      "the hole",
      async () => {
        await client.sendMany(system, 1, 0);
        return recordsIn(system).then(
          ({ text, request, missing }) => missing > 0 && text + request + missing >= 2 * (before + 50),
          () => false,
        );
      },
      SENT_WITHIN_MS,
    );
    const { text, request, missing } = await recordsIn(system);
    const { coverage, requests } = await reportNow();
    expect(coverage).toBeCloseTo((text + request) / (text + request + missing), 3);
    expect(requests).toBeLessThan(client.counts.requests);
  }, 120_000);
});

function portsOf({ ports }: Running) {
  return {
    SPILLWAY_PORT: String(ports.gateway),
    SPILLWAY_CONTROL_PORT: String(ports.control),
    SPILLWAY_ORIGIN_PORT: String(ports.origin),
    SPILLWAY_OTLP_PORT: String(ports.viewer),
  };
}
