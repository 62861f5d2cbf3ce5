// Each line is a separate request: timers and promises of the request before it are gone.
import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Ending, Sight } from "./fixture.ts";

// The types of `exports` follow from one main module for all tests; this fixture is another.
const { default: fixture }: { default?: Fetcher } = exports;

function request(path: string, init?: RequestInit): Promise<Response> {
  if (fixture === undefined) throw new Error("run this file with the fixture's own wrangler.jsonc");
  return fixture.fetch(`http://fixture${path}`, init);
}

function at(breaker: string) {
  async function see(path: string, init?: RequestInit): Promise<Sight> {
    const response = await request(path, init);
    return response.json();
  }
  return {
    status: (atMs: number) => see(`/status?breaker=${breaker}&at=${atMs}`),
    run: (atMs: number, ends: Ending, id = "", init?: RequestInit) =>
      see(`/run?breaker=${breaker}&at=${atMs}&ends=${ends}&id=${id}`, init),
  };
}

async function untilStarted(id: string): Promise<void> {
  await expect.poll(async () => (await request(`/started?id=${id}`)).json()).toBe(true);
}

/** A request whose client leaves while the action runs: nothing of it continues. */
async function hungUp(breaker: string, atMs: number, id: string): Promise<void> {
  const client = new AbortController();
  const lost = at(breaker).run(atMs, "never", id, { signal: client.signal });
  const left = expect(lost).rejects.toThrow();
  await untilStarted(id);
  client.abort();
  await left;
}

async function trip(breaker: string): Promise<void> {
  for (const atMs of [1_000, 2_000, 3_000]) await at(breaker).run(atMs, "failure");
  expect(await at(breaker).status(3_000)).toMatchObject({ state: "open", retryAtMs: 33_000 });
}

it("goes closed, open, half-open, closed over as many requests", async () => {
  const { run, status } = at("cycle");
  expect(await run(1_000, "failure")).toMatchObject({ ran: true, state: "closed" });
  expect(await run(2_000, "failure")).toMatchObject({ ran: true, state: "closed" });
  expect(await run(3_000, "failure")).toMatchObject({ ran: true, state: "open", reason: "3 failures in a row" });
  expect(await run(32_999, "success")).toMatchObject({ ran: false, state: "open", refusedUntilMs: 33_000 });
  expect(await status(33_000)).toMatchObject({ state: "half-open", reason: "3 failures in a row", retryAtMs: null });
  expect(await run(33_000, "success")).toMatchObject({ ran: true, state: "closed", reason: null });
  expect(await run(33_001, "failure")).toMatchObject({ ran: true, state: "closed" });
});

it("re-opens for twice as long when a probe fails, and again", async () => {
  const { run } = at("reopen");
  await trip("reopen");
  expect(await run(33_000, "failure")).toMatchObject({ ran: true, state: "open", retryAtMs: 93_000 });
  expect(await run(92_999, "success")).toMatchObject({ ran: false });
  expect(await run(93_000, "failure")).toMatchObject({ ran: true, state: "open", retryAtMs: 213_000 });
  expect(await run(213_000, "success")).toMatchObject({ ran: true, state: "closed" });
});

it("gives up a probe whose client hung up when its lease ends", async () => {
  const { run, status } = at("hung-up");
  await trip("hung-up");
  await hungUp("hung-up", 33_000, "lost-probe");
  expect(await status(62_999)).toMatchObject({ state: "half-open", retryAtMs: 63_000 });
  expect(await run(62_999, "success")).toMatchObject({ ran: false, refusedUntilMs: 63_000 });
  expect(await status(63_000)).toMatchObject({ state: "half-open", retryAtMs: null });
  expect(await run(63_000, "success")).toMatchObject({ ran: true, state: "closed" });
});

it("loses nothing to calls hung up while closed", async () => {
  const { run } = at("hung-up-closed");
  await run(1_000, "failure");
  await run(1_000, "failure");
  for (const id of ["a", "b", "c"]) await hungUp("hung-up-closed", 1_000, id);
  expect(await run(1_000, "failure")).toMatchObject({ ran: true, state: "open" });
});

it("gives the probe to the next request when the first was ignored", async () => {
  const { run } = at("given-back");
  await trip("given-back");
  expect(await run(33_000, "ignored")).toMatchObject({ ran: true, state: "half-open", retryAtMs: null });
  expect(await run(33_000, "success")).toMatchObject({ ran: true, state: "closed" });
});

it("refuses other requests while a probe runs, and lets no late one speak for it", async () => {
  const { run, status } = at("late");
  await trip("late");
  const early = run(33_000, "when-released", "early");
  await untilStarted("early");
  expect(await run(33_000, "success")).toMatchObject({ ran: false, state: "half-open" });

  const probe = run(63_000, "when-released", "probe");
  await untilStarted("probe");
  await request("/release?id=early&ends=success");
  await early;
  expect(await status(63_000)).toMatchObject({ state: "half-open", retryAtMs: 93_000 });

  await request("/release?id=probe&ends=failure");
  expect(await probe).toMatchObject({ ran: true, state: "open", retryAtMs: 123_000 });
});

it.each([
  ["window-within", 10_999, "open"],
  ["window-past", 11_000, "closed"],
])("rotates its window from request to request: %s", async (breaker, atMs, state) => {
  const { run } = at(breaker);
  // Made when the clock read 0, so its buckets begin at whole seconds: the one of 1,000 leaves at 11,000.
  for (const failedAtMs of [1_000, 4_000, 8_000]) await run(failedAtMs, "failure");
  expect(await run(atMs, "failure")).toMatchObject({ ran: true, state });
});
