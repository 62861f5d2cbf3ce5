/** The public contract, inside workerd: answers, their headers, and every way a request can be bad. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Gateway } from "../../gateway/compose.ts";
import { CANARY, LONG, SHORT } from "../support/texts.ts";
import { aGateway, ask, classify, get, handClock, ready, routingOf, setPolicy } from "./support/gateway.ts";
import { publish } from "./support/packages.ts";

let gateway: Gateway;
const clock = handClock();

beforeAll(async () => {
  gateway = await ready(aGateway({ modelId: await publish(), originUrl: `${inject("faultOrigin")}ok`, clock }));
});
afterEach(async () => {
  await env.POLICIES.delete("policy");
  // Past the time for which a policy is fresh.
  clock.moveMs(5000);
});

const JSON_BODY = { "content-type": "application/json" };

function post(body: BodyInit | null, headers: Record<string, string> = JSON_BODY) {
  const request = new Request("http://gateway/v1/classify", { method: "POST", headers, body });
  return ask(gateway, request);
}

const send = (value: unknown) => post(JSON.stringify(value));

describe("an answer", () => {
  it("is Hugging Face's nested array, best first, one row per input in the order of the inputs", async () => {
    const response = await send({ inputs: [SHORT, "See you at lunch tomorrow, Anna"] });
    const rows: { label: string; score: number }[][] = await response.json();
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row.map(({ label }) => label).toSorted()).toEqual(["ham", "spam"]);
      expect(row[0]?.score).toBeGreaterThanOrEqual(row[1]?.score ?? 1);
      expect((row[0]?.score ?? 0) + (row[1]?.score ?? 0)).toBeCloseTo(1, 6);
    }
    const alone: unknown[] = await (await send({ inputs: "See you at lunch tomorrow, Anna" })).json();
    expect(rows[1]).toEqual(alone[0]);
  });

  it("reports who answered, why, by which model and under which policy", async () => {
    await setPolicy({ version: 7 });
    const { headers } = await send({ inputs: SHORT });
    expect(headers.get("x-spillway-route")).toBe("edge");
    expect(headers.get("x-spillway-because")).toBe("within-share");
    expect(headers.get("x-spillway-policy")).toBe("7");
    expect(headers.get("x-spillway-model")).toMatch(/^mail-tagger@[0-9a-f]{12}$/);
    expect(headers.get("x-request-id")).toBe("test-request");
    expect(headers.get("server-timing")).toMatch(
      /^queue;dur=\d+, edge;dur=\d+, origin;dur=\d+, text;dur=\d+, total;dur=\d+$/,
    );
  });

  it("is mixed when the inputs of one request went both ways", async () => {
    const response = await send({ inputs: [SHORT, LONG] });
    expect(routingOf(response)).toEqual({ status: 200, route: "mixed", because: "within-share, too-long" });
    expect(response.headers.get("x-spillway-model")).toMatch(/^mail-tagger@[0-9a-f]{12}, mail-tagger@f{12}$/);
  });

  it("has as many labels as top_k asks for", async () => {
    const rows: unknown[][] = await (await send({ inputs: SHORT, parameters: { top_k: 1 } })).json();
    expect(rows[0]).toHaveLength(1);
  });

  it("has raw logits for none and independent scores for sigmoid", async () => {
    const scores = async (functionToApply: string) => {
      const parameters = { function_to_apply: functionToApply };
      const rows: { label: string; score: number }[][] = await (await send({ inputs: SHORT, parameters })).json();
      return new Map(rows[0]?.map(({ label, score }) => [label, score]));
    };
    const [logits, sigmoids] = [await scores("none"), await scores("sigmoid")];
    for (const label of ["ham", "spam"]) {
      expect(sigmoids.get(label)).toBeCloseTo(1 / (1 + Math.exp(-(logits.get(label) ?? Number.NaN))), 9);
    }
  });
});

describe("a bad request gets the contract's error and the next one is answered", () => {
  const notUtf8 = new Uint8Array([0x7b, 0x22, 0x69, 0xff, 0xfe, 0x22, 0x7d]);
  const nested = (levels: number) => `${"[".repeat(levels)}"${CANARY}"${"]".repeat(levels)}`;
  const cases: [string, () => Response | Promise<Response>, number, string][] = [
    ["malformed JSON", () => post(`{"inputs": "${CANARY}`), 400, "malformed"],
    ["an empty body", () => post(null), 400, "malformed"],
    ["invalid UTF-8", () => post(notUtf8), 400, "malformed"],
    ["JSON of 17 levels", () => post(nested(17)), 400, "malformed"],
    ["JSON of 16 levels", () => post(nested(16)), 422, "unprocessable"],
    ["a megabyte of brackets", () => post("[".repeat(1_000_000)), 400, "malformed"],
    ["the same key twice", () => post(`{"inputs": "${CANARY}", "inputs": "${SHORT}"}`), 422, "unprocessable"],
    ["an unknown key beside inputs", () => send({ inputs: SHORT, [CANARY]: CANARY }), 422, "unprocessable"],
    ["inputs by way of __proto__", () => post(`{"__proto__": {"inputs": "${CANARY}"}}`), 422, "unprocessable"],
    ["inputs by way of constructor", () => post(`{"constructor": {"inputs": "${CANARY}"}}`), 422, "unprocessable"],
    ["a number for inputs", () => send({ inputs: 7 }), 422, "unprocessable"],
    ["a list with a number", () => send({ inputs: [CANARY, 7] }), 422, "unprocessable"],
    ["a list in the place of a pair", () => send({ inputs: [[CANARY, CANARY]] }), 422, "unprocessable"],
    ["no inputs", () => send({ text: CANARY }), 422, "unprocessable"],
    ["not an object", () => send([CANARY]), 422, "unprocessable"],
    ["null", () => send(null), 422, "unprocessable"],
    ["an unknown parameter", () => send({ inputs: CANARY, parameters: { [CANARY]: 1 } }), 422, "unprocessable"],
    ["top_k of 0", () => send({ inputs: CANARY, parameters: { top_k: 0 } }), 422, "unprocessable"],
    [
      "an unknown function",
      () => send({ inputs: CANARY, parameters: { function_to_apply: "x" } }),
      422,
      "unprocessable",
    ],
    ["an empty list", () => send({ inputs: [] }), 422, "unprocessable"],
    ["an empty text", () => send({ inputs: "" }), 422, "unprocessable"],
    ["a blank text among others", () => send({ inputs: [CANARY, " \n"] }), 422, "unprocessable"],
    ["10,000 inputs", () => send({ inputs: Array.from({ length: 10_000 }, () => CANARY) }), 413, "too-large"],
    ["more than 1 MiB", () => send({ inputs: CANARY.repeat(100_000) }), 413, "too-large"],
    ["text/plain", () => post(CANARY, { "content-type": "text/plain" }), 415, "unsupported-media-type"],
    [
      "gzip",
      () => post("x", { "content-type": "application/json", "content-encoding": "gzip" }),
      415,
      "unsupported-media-type",
    ],
    ["no content type", () => post(new Uint8Array([1]), {}), 415, "unsupported-media-type"],
  ];
  it.each(cases)("%s", async (_, ask, status, errorType) => {
    const response = await ask();
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      error: expect.stringMatching(/\w/),
      error_type: errorType,
      request_id: "test-request",
    });
    expect(text).not.toContain(CANARY);
    expect(response.headers.get("x-request-id")).toBe("test-request");
    expect((await send({ inputs: SHORT })).status).toBe(200);
  });

  it("__proto__ and the like are unknown keys, and change nothing for others", async () => {
    const sneaky = (key: string) => `{"inputs": "${SHORT}", "${key}": {"parameters": {"top_k": 1}, "toString": 1}}`;
    for (const key of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then"]) {
      expect((await post(sneaky(key))).status).toBe(422);
      expect(await (await send({ inputs: SHORT })).json()).toEqual([[expect.anything(), expect.anything()]]);
    }
    expect(Reflect.has({}, "inputs") || Reflect.has({}, "parameters")).toBe(false);
  });

  it("JSON that nests too deep is refused with that reason", async () => {
    expect(await (await post(nested(17))).json()).toMatchObject({
      error: expect.stringContaining("deeper than 16 levels"),
    });
  });

  it("a body that stops half-way is given up, and the next request is answered", async () => {
    const half = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"inputs": "'));
        controller.error(new Error("the sender is gone"));
      },
    });
    const response = await post(half);
    expect(response.status).toBe(400);
    expect((await send({ inputs: SHORT })).status).toBe(200);
  });

  it("a sender that falls silent is not waited for for ever", async () => {
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"inputs": "')),
    });
    const request = new Request("http://gateway/v1/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: silent,
    });
    // Waiting takes no time in this gateway: the deadline passes as soon as the sender is silent.
    const impatient = aGateway({
      modelId: "mail-tagger@none",
      originUrl: `${inject("faultOrigin")}ok`,
      clock: { nowMs: clock.nowMs, wait: () => scheduler.wait(1) },
    });
    const response = await ask(impatient, request);
    expect(response.status).toBe(400);
  });

  it("another method is 405 and another path is 404", async () => {
    const wrongMethod = await get(gateway, "/v1/classify");
    expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await ask(gateway, new Request("http://gateway/v2/classify", { method: "POST" }))).status).toBe(404);
  });
});

describe("the policy in KV", () => {
  it("changes routing without a restart", async () => {
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("within-share");
    await setPolicy({ override: "origin" });
    clock.moveMs(5000);
    expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ route: "origin", because: "override" });
    await setPolicy({ edge: { share: 0 } });
    clock.moveMs(5000);
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("outside-share");
    await setPolicy({ edge: { maxTokens: 4 } });
    clock.moveMs(5000);
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("too-long");
    await setPolicy({ override: "edge", edge: { share: 0 } });
    clock.moveMs(5000);
    expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ route: "edge", because: "override" });
  });

  it("shows in /readyz before a request has used it", async () => {
    await setPolicy({ version: 9 });
    clock.moveMs(5000);
    const readyz = await get(gateway, "/readyz");
    expect(await readyz.json()).toMatchObject({ policy: { version: 9, source: "kv", problem: null } });
  });

  const broken = [
    ["not JSON", "{"],
    ["the wrong shape", '{"edge": {"share": 101}}'],
    ["an unknown key", '{"egde": {}}'],
  ];
  it.each(broken)("%s leaves the last good policy in force, and /readyz reports it", async (_, text = "") => {
    await setPolicy({ version: 10, override: "origin" });
    await classify(gateway, SHORT);
    await setPolicy(text);
    clock.moveMs(5000);
    const response = await classify(gateway, SHORT);
    expect(response.headers.get("x-spillway-policy")).toBe("10");
    expect(routingOf(response).because).toBe("override");
    const readyz = await get(gateway, "/readyz");
    expect(await readyz.json()).toMatchObject({ policy: { version: 10, source: "kv", problem: expect.any(String) } });
  });
});

describe("/healthz and /readyz", () => {
  it("health needs nothing; readiness names both sides", async () => {
    expect((await get(gateway, "/healthz")).status).toBe(200);
    const readyz = await get(gateway, "/readyz");
    expect(readyz.status).toBe(200);
    expect(await readyz.json()).toMatchObject({
      ready: true,
      edge: { state: "ready", breaker: { state: "closed" } },
      origins: { default: { breaker: { state: "closed" } } },
    });
  });
});
