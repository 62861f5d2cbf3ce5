/** Callers who hang up, on the real Worker and its one isolate: nothing of theirs may leave it stuck. */
import { exports } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { publish } from "../support/packages.ts";

const SHORT = "WIN a free prize now, click here";

beforeAll(async () => {
  await publish();
});

function post(signal?: AbortSignal): Promise<Response> {
  return exports.default.fetch("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: SHORT }),
    ...(signal && { signal }),
  });
}

async function hangUpAfter(ms: number): Promise<void> {
  const caller = new AbortController();
  const answer = post(caller.signal).catch(() => null);
  await scheduler.wait(ms);
  caller.abort();
  await answer;
}

it("a caller who hangs up while the model loads leaves an isolate that answers the next one", async () => {
  // The first of these starts the load and is gone before it ends; there is no origin to fall back to.
  for (const ms of [20, 60, 120]) await hangUpAfter(ms);
  const response = await post();
  expect(response.status).toBe(200);
  expect(response.headers.get("x-spillway-route")).toBe("edge");
});

it("callers who hang up in the queue or in their inference give their turn back", async () => {
  await Promise.all([0, 1, 2, 5, 8, 13, 21, 34].map(hangUpAfter));
  const response = await post();
  expect(response.status).toBe(200);
  expect(response.headers.get("x-spillway-because")).toMatch(/within-share|origin-failed|origin-unavailable/);
});
