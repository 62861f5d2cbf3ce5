/** The whole Worker behind its entry, each request over a separate socket, against an origin that misbehaves. */
import type { Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openToAll } from "../../../tools/process/local-settings.ts";
import { CREDENTIALS } from "../../support/credentials.ts";
import { startFaultOrigin } from "../../support/fault-origin.ts";
import { HAM } from "../../support/texts.ts";
import { CONTROL_PLANE, startWorkers } from "../support/start-workers.ts";

/** Long enough to be looked at while open, short enough to be polled for: this runs on the real clock. */
const OPEN_MS = 1000;

const policy = (url: string) => ({
  version: 1,
  origins: {
    faulty: { url: `${url}programmed?faulty`, region: "us-east-1" },
    // Weight 0: only for when the other is out.
    spare: { url: `${url}ok?spare`, region: "eu-central-1", weight: 0 },
  },
  origin: { timeoutMs: 1500 },
  // Nothing falls back to the other origin: callers get what the first attempt came to.
  retryBudget: { percent: 0, minPerSecond: 0 },
  breaker: { origin: { consecutive: 5, minCalls: 8, slowMs: 100, openMs: OPEN_MS } },
});

interface Readyz {
  ready: boolean;
  edge: { state: string };
  origins: Record<string, { breaker: { state: string; reason: string | null; retryInMs: number | null } }>;
}

let origin: { url: string; server: Server };
let gateway: URL;
let close = async () => {};

beforeAll(async () => {
  origin = await startFaultOrigin();
  // No key is pinned, so there is no edge: whatever is answered is answered by an origin.
  const variables = { ...openToAll, MODEL_PUBLIC_KEY: "", ORIGIN_URL: origin.url, ...CREDENTIALS };
  const workers = await startWorkers([{ config: "wrangler.toml", variables }, CONTROL_PLANE]);
  gateway = await workers.ready;
  const { POLICIES } = await workers.getBindings<{ POLICIES: KVNamespace }>();
  await POLICIES.put("policy", JSON.stringify(policy(origin.url)));
  close = () => workers.dispose();
  await vi.waitFor(async () => expect((await readyz()).edge.state).toBe("rejected"), { timeout: 10_000 });
});
afterAll(async () => {
  await close();
  stop(origin.server);
});

function stop(server: Server): void {
  server.closeAllConnections();
  server.close();
}

async function readyz(): Promise<Readyz> {
  return (await fetch(new URL("/readyz", gateway))).json() as Promise<Readyz>;
}

const classify = () =>
  fetch(new URL("/v1/classify", gateway), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: HAM }),
  });

async function program(behaviour: string): Promise<void> {
  await fetch(`${origin.url}programmed?faulty`, { method: "PUT", body: behaviour });
}

async function faulty() {
  return (await readyz()).origins["faulty"]?.breaker;
}

interface Opened {
  callers: number;
  status: number;
  reason: unknown;
}

/** Callers at once, then the state of both origins, the next caller, and the way back. */
async function opensAndCloses({ callers, status, reason }: Opened, mend: () => Promise<unknown>) {
  const answers = await Promise.all(Array.from({ length: callers }, classify));
  expect([...new Set(answers.map((answer) => answer.status))]).toEqual([status]);
  const { ready, origins } = await readyz();
  expect(ready).toBe(true);
  expect(origins["faulty"]?.breaker).toEqual({ state: "open", reason, retryInMs: expect.any(Number) });
  expect(origins["faulty"]?.breaker.retryInMs).toBeLessThanOrEqual(1.1 * OPEN_MS);
  expect(origins["spare"]?.breaker).toEqual({ state: "closed", reason: null, retryInMs: null });
  const spared = await classify();
  expect([spared.status, spared.headers.get("x-spillway-route")]).toEqual([200, "origin"]);
  await mend();
  await expect.poll(async () => (await faulty())?.state, { timeout: 5000 }).toBe("half-open");
  expect((await classify()).status).toBe(200);
  expect(await faulty()).toEqual({ state: "closed", reason: null, retryInMs: null });
}

const inARow: Opened = { callers: 5, status: 503, reason: "5 failures in a row" };

describe("an origin's breaker, from request to request", () => {
  it.each([
    ["http-500", inARow],
    ["http-503", inARow],
    ["no-model", inARow],
    ["broken-json", inARow],
    ["wrong-shape", inARow],
    ["too-many-labels", inARow],
    ["twice-a-label", inARow],
    ["redirect-307", inARow],
    ["reset-mid-body", inARow],
    ["hang", { ...inARow, status: 504 }],
    // The probe that closed it last is in the window too.
    [
      "slow-300",
      { callers: 8, status: 200, reason: expect.stringMatching(/^\d of \d calls failed or were slow within 10 s$/) },
    ],
  ])("%s opens it, the other origin's stays closed and answers, and a probe closes it", async (behaviour, expected) => {
    await program(behaviour);
    await opensAndCloses(expected, () => program("ok"));
  });

  it("a refused connection opens it, and it closes when a server listens again", async () => {
    await program("ok");
    // Both origins are on one server: none answers until it is back.
    const { port } = new URL(origin.url);
    stop(origin.server);
    const answers = await Promise.all(Array.from({ length: 5 }, classify));
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([503]);
    expect(await faulty()).toMatchObject({ state: "open", reason: "5 failures in a row" });
    origin = await startFaultOrigin(Number(port));
    await program("ok");
    await expect.poll(async () => (await faulty())?.state, { timeout: 5000 }).toBe("half-open");
    await expect.poll(async () => (await classify()).status).toBe(200);
    expect((await faulty())?.state).toBe("closed");
  });

  it.each(["http-400", "http-403", "http-413"])("%s is about one request, and leaves it closed", async (behaviour) => {
    await program(behaviour);
    for (let call = 0; call < 6; call++) expect((await classify()).status).toBe(behaviour === "http-413" ? 413 : 503);
    expect(await faulty()).toEqual({ state: "closed", reason: null, retryInMs: null });
  });
});
