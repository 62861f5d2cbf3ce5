/** Senders who hang up, on the real Worker and its one isolate: their requests die, and their places do not die with them. */
import { exports } from "cloudflare:workers";
import { beforeAll, expect, inject, it, vi } from "vitest";
import { HAM } from "../../support/texts.ts";
import { setPolicy } from "../support/gateway.ts";

const PLACES = 3;
const WHOLE = JSON.stringify({ inputs: HAM });

beforeAll(async () => {
  await setPolicy({
    version: 1,
    override: "origin",
    origin: { timeoutMs: 60_000 },
    origins: { only: { url: `${inject("faultOrigin")}hang?hang-up`, region: "us-east-1" } },
    limits: { concurrentRequests: PLACES },
  });
  await vi.waitFor(async () => {
    const response = await exports.default.fetch("http://gateway/readyz");
    expect(await response.json()).toMatchObject({ policy: { version: 1 } });
  }, 10_000);
});

/** Sends this much, and no more until it hangs up. */
function begin(text: string, isWhole: boolean): AbortController {
  const caller = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const sent = writer.write(new TextEncoder().encode(text));
  if (isWhole) void sent.then(() => writer.close()).catch(() => {});
  sent.catch(() => {});
  exports.default
    .fetch("http://gateway/v1/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: readable,
      signal: caller.signal,
    })
    .catch(() => {});
  return caller;
}

/** Of no shape: answered at once where there is a place. */
const ask = () =>
  exports.default.fetch("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "[]",
  });

it.each([
  ["in the middle of their bodies", WHOLE.slice(0, 12), false],
  ["while the origin is asked", WHOLE, true],
])("all slots are used by senders who hang up %s: then the next ones are accepted", async (_, text, isWhole) => {
  for (let round = 0; round < 3; round++) {
    const callers = Array.from({ length: PLACES }, () => begin(text, isWhole));
    await vi.waitFor(async () => {
      const refused = await ask();
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
      expect(await refused.json()).toMatchObject({ error_type: "rate-limited" });
    }, 5000);
    for (const caller of callers) caller.abort();
    await vi.waitFor(async () => expect((await ask()).status).toBe(422), 5000);
  }
});
