import { expect, it } from "vitest";
import { holdResult, problemOf } from "../../../../tools/bench/hold/report.ts";
import {
  firstTextAnsweredAtMs,
  REQUESTS,
  type RequestName,
  type Samples,
  sendUntil,
  under,
} from "../../../../tools/bench/hold/requests.ts";

type Send = () => Promise<number>;
const requestsOf = (send: (name: RequestName) => Send) => ({
  "health check": send("health check"),
  refusal: send("refusal"),
  "spilled text": send("spilled text"),
  "short text": send("short text"),
});

it("measures all requests in turn until the load or the run ends, and passes its error on", async () => {
  const sent: RequestName[] = [];
  const requests = requestsOf((name) => () => {
    sent.push(name);
    return Promise.resolve(3);
  });
  const over = Promise.withResolvers<void>();
  const measured = sendUntil(requests, 0, over.promise);
  while (sent.length < 12) await new Promise((resolve) => setImmediate(resolve));
  over.resolve();
  for (const times of Object.values(await measured)) expect(times.length).toBeGreaterThanOrEqual(3);
  expect(sent.slice(0, 5)).toEqual(["health check", "refusal", "spilled text", "short text", "health check"]);
  await expect(sendUntil(requests, 0, Promise.reject(new Error("rejected model")))).rejects.toThrow("rejected model");
});

it("sends the next request while those before it wait, and counts their waits", async () => {
  const waiting: ((ms: number) => void)[] = [];
  const over = Promise.withResolvers<void>();
  const measured = sendUntil(
    requestsOf(() => () => new Promise((resolve) => waiting.push(resolve))),
    0,
    over.promise,
  );
  while (waiting.length < 8) await new Promise((resolve) => setImmediate(resolve));
  over.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  for (const answer of waiting) answer(200);
  const times = Object.values(await measured).flat();
  expect(times.length).toBe(waiting.length);
  expect(new Set(times.map(({ ms }) => ms))).toEqual(new Set([200]));
  for (const { sentAtMs } of times) expect(sentAtMs).toBeLessThanOrEqual(performance.now());
});

it.each(["refusal", "short text"] as const)(
  "begins with any kind, such as %s: what happens once in each load meets all kinds",
  async (first) => {
    const sent: RequestName[] = [];
    const requests = requestsOf((name) => () => {
      sent.push(name);
      return Promise.resolve(3);
    });
    await sendUntil(requests, 0, Promise.resolve(), REQUESTS.indexOf(first));
    expect(sent).toEqual([first]);
  },
);

const samplesOf = (spilled: [sentAtMs: number, ms: number][]): Samples => ({
  "health check": [],
  refusal: [],
  "spilled text": spilled.map(([sentAtMs, ms]) => ({ sentAtMs, ms })),
  "short text": [],
});

it("counts the requests that were under way or sent during the load, which the first text's answer begins", () => {
  const samples = samplesOf([
    [0, 50],
    [75, 10],
    [95, 10],
    [300, 500],
    [400, 1],
  ]);
  expect(firstTextAnsweredAtMs(samples)).toBe(50);
  const counted = under(samples, { fromMs: 100, toMs: 400 })["spilled text"];
  expect(counted.map(({ sentAtMs }) => sentAtMs)).toEqual([95, 300]);
});

it("reports how many requests are behind each p95, and that a promise broken by few of them may be noise", () => {
  const kinds = (ms: readonly number[]): Samples => {
    const samples = ms.map((one) => ({ sentAtMs: 0, ms: one }));
    return { "health check": samples, refusal: samples, "spilled text": samples, "short text": samples };
  };
  const result = (alone: number[], beside: number[]) =>
    holdResult({ model: "m", loads: 1, runs: 1 }, [
      { meanwhile: "cold load", alone: kinds(alone), beside: kinds(beside) },
    ]);
  const held = result(Array(50).fill(10), Array(60).fill(35));
  expect(held.rows[0]).toMatchObject({ aloneP95Ms: 10, meanwhileP95Ms: 35, aloneSamples: 50, samples: 60 });
  expect(problemOf(held)).toBeNull();
  expect(problemOf(result(Array(50).fill(10), Array(60).fill(36)))).toMatch(/^4 of 4 waits .* \(p95\)\.$/);
  expect(problemOf(result(Array(50).fill(10), [36]))).toContain("a p95 of 1 requests is noise");
});

it("fails if a request fails", async () => {
  const requests = requestsOf(() => () => Promise.reject(new Error("answered 500")));
  await expect(sendUntil(requests, 0, new Promise((resolve) => setTimeout(resolve, 5)))).rejects.toThrow(
    "answered 500",
  );
});
