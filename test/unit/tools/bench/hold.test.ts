import { expect, it } from "vitest";
import { type RequestName, sendUntil } from "../../../../tools/bench/hold/requests.ts";

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
  expect(new Set(times)).toEqual(new Set([200]));
});

it("fails if a request fails", async () => {
  const requests = requestsOf(() => () => Promise.reject(new Error("answered 500")));
  await expect(sendUntil(requests, 0, new Promise((resolve) => setTimeout(resolve, 5)))).rejects.toThrow(
    "answered 500",
  );
});
