/** Slots, inside workerd: an isolate holds a bounded number of requests and bytes, and every way out gives them back. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { MAX_BODIES_BYTES } from "../../../gateway/admit/slots.ts";
import type { Gateway } from "../../../gateway/compose.ts";
import { aGateway, ask, handClock, ready, setPolicy } from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

const MIB = 1_048_576;
const BUSY = {
  error: "Too many concurrent requests. Retry after 1 second.",
  error_type: "rate-limited",
  request_id: "test-request",
};

/** Waits of seconds end when the test has moved the time that far; shorter ones are real. */
function movedClock() {
  const clock = handClock();
  let timers: { atMs: number; ring: () => void }[] = [];
  return {
    nowMs: clock.nowMs,
    wait(ms: number): Promise<unknown> {
      if (ms < 1000) return clock.wait(ms);
      return new Promise<void>((ring) => timers.push({ atMs: clock.nowMs() + ms, ring }));
    },
    async moveMs(ms: number): Promise<void> {
      clock.moveMs(ms);
      for (const { ring } of timers.filter(({ atMs }) => atMs <= clock.nowMs())) ring();
      timers = timers.filter(({ atMs }) => atMs > clock.nowMs());
      await scheduler.wait(1);
    },
  };
}

const engine = sharedEngine();
let modelId: string;
let clock: ReturnType<typeof movedClock>;
let gateway: Gateway;
beforeAll(async () => {
  modelId = await publish();
});
beforeEach(async () => {
  clock = movedClock();
  gateway = await ready(aGateway({ modelId, originUrl: `${inject("faultOrigin")}ok`, clock, engine }));
});
afterEach(async () => {
  engine.onRun = () => {};
  await env.POLICIES.delete("policy");
});

const bytes = (text: string) => new TextEncoder().encode(text);
const held = () => [gateway.world.capacity.slots.requests, gateway.world.capacity.slots.bytes];

function post(body: BodyInit): Promise<Response> {
  const request = new Request("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return Promise.resolve(ask(gateway, request));
}

interface Sender {
  answer: Promise<Response>;
  send(piece: Uint8Array): Promise<unknown>;
  end(): void;
  breakOff(): void;
  isCancelled(): boolean;
}

/** Sends a body piece by piece. */
function sender(): Sender {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  return {
    answer: post(body),
    send: (piece) => {
      // The gateway frees each piece, as those of a socket are its own.
      controller?.enqueue(piece.slice());
      return scheduler.wait(1);
    },
    end: () => controller?.close(),
    breakOff: () => controller?.error(new Error("the sender is gone")),
    isCancelled: () => isCancelled,
  };
}

const START = bytes('{"inputs": "');
const END = bytes('see you"}');

describe("requests at once", () => {
  beforeEach(async () => {
    await setPolicy({ limits: { concurrentRequests: 2 } });
    // An isolate's first request reads the policy.
    await post('{"inputs": "see you"}');
  });

  it("are as many as the policy allows; one more is refused with Retry-After, and accepted once one is answered", async () => {
    const senders = [sender(), sender()];
    await Promise.all(senders.map(({ send }) => send(START)));
    const refused = await post('{"inputs": "see you"}');
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await refused.json()).toEqual(BUSY);
    for (const { send, end, answer } of senders) {
      await send(END);
      end();
      expect((await answer).status).toBe(200);
      expect((await post('{"inputs": "see you"}')).status).toBe(200);
    }
    expect(held()).toEqual([0, 0]);
  });

  it("hold their places while the model runs", async () => {
    let release = () => {};
    engine.onRun = () => new Promise<void>((resolve) => (release = resolve));
    const running = [post('{"inputs": "see you"}'), post('{"inputs": "see you"}')];
    await scheduler.wait(20);
    expect((await post('{"inputs": "see you"}')).status).toBe(429);
    engine.onRun = () => {};
    release();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    expect(held()).toEqual([0, 0]);
  });

  it("that died without a word lose their places after a while", async () => {
    const abandoned = [sender(), sender()];
    await Promise.all(abandoned.map(({ send }) => send(START)));
    // As when workerd cancels a request: nothing of it continues, not even its deadline.
    gateway.world.clock = { ...clock, nowMs: () => clock.nowMs() + 200_000 };
    expect((await post('{"inputs": "see you"}')).status).toBe(200);
    for (const { breakOff } of abandoned) breakOff();
  });
});

describe("bodies at once", () => {
  it("are accepted up to what the isolate may hold, counted as they arrive, whatever Content-Length claims", async () => {
    const piece = new Uint8Array(MIB - 1000).fill(0x20);
    const senders = Array.from({ length: MAX_BODIES_BYTES / MIB }, sender);
    for (const { send } of senders) await send(piece);
    const late = sender();
    await late.send(new Uint8Array(4000));
    expect(held()[1]).toBeLessThanOrEqual(MAX_BODIES_BYTES);
    await late.send(new Uint8Array(4000));
    const refused = await late.answer;
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await refused.json()).toEqual(BUSY);
    expect(late.isCancelled()).toBe(true);
    // What was refused is given back, and so is what breaks off: then there is room again.
    expect(held()).toEqual([senders.length, senders.length * piece.length]);
    senders[0]?.breakOff();
    expect((await senders[0]?.answer)?.status).toBe(400);
    expect((await post('{"inputs": "see you"}')).status).toBe(200);
    for (const { breakOff } of senders) breakOff();
    await Promise.all(senders.map(({ answer }) => answer));
    expect(held()).toEqual([0, 0]);
  });
});

describe("a slow sender", () => {
  it("of one byte a second is ended after 15 s, and everything is given back", async () => {
    const trickle = sender();
    for (let second = 0; second < 15; second++) {
      await trickle.send(bytes(" "));
      expect(held()).toEqual([1, second + 1]);
      await clock.moveMs(1000);
    }
    const refused = await trickle.answer;
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error_type: "malformed" });
    expect(trickle.isCancelled()).toBe(true);
    expect(held()).toEqual([0, 0]);
  });

  it("that sends nothing at all likewise", async () => {
    const silent = sender();
    await vi.waitUntil(() => held()[0] === 1);
    await clock.moveMs(14_999);
    expect(held()).toEqual([1, 0]);
    await clock.moveMs(1);
    expect((await silent.answer).status).toBe(400);
    expect(held()).toEqual([0, 0]);
  });

  it("that is done within 15 s is answered", async () => {
    const slow = sender();
    for (const piece of [START, END]) {
      await slow.send(piece);
      await clock.moveMs(7000);
    }
    slow.end();
    expect((await slow.answer).status).toBe(200);
    expect(held()).toEqual([0, 0]);
  });

  it("that stops half-way gives everything back", async () => {
    const gone = sender();
    await gone.send(START);
    expect(held()).toEqual([1, START.length]);
    gone.breakOff();
    expect((await gone.answer).status).toBe(400);
    expect(held()).toEqual([0, 0]);
  });
});

describe("everything is given back after", () => {
  it.each<[string, number, BodyInit]>([
    ["an answer", 200, '{"inputs": ["see you", "at lunch"]}'],
    ["what is no JSON", 400, "{"],
    ["what nests too deep", 400, "[".repeat(17)],
    ["what is no UTF-8", 400, new Uint8Array([0xff])],
    ["an empty body", 400, ""],
    ["a body too large", 413, new Uint8Array(MIB + 1)],
    ["the wrong shape", 422, "[]"],
  ])("%s", async (_, status, body) => {
    expect((await post(body)).status).toBe(status);
    expect(held()).toEqual([0, 0]);
  });

  it("a bug", async () => {
    gateway.world.policies.read = () => Promise.reject(new TypeError("a bug"));
    expect((await post('{"inputs": "see you"}')).status).toBe(503);
    expect(held()).toEqual([0, 0]);
  });
});
