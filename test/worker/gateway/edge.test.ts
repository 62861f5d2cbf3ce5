/** The edge side inside workerd, on the real package, the real wasm and a real R2. */
import { env } from "cloudflare:workers";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { beforeEach, describe, expect, it } from "vitest";
import { createBreaker } from "../../../gateway/breaker/breaker.ts";
import { EdgeIsolate } from "../../../gateway/edge/isolate.ts";
import { type EdgeEngine, EdgeRunError } from "../../../gateway/edge/model.ts";
import { createOnnxEngine } from "../../../gateway/edge/onnx/engine.ts";
import type { ModelBucket } from "../../../gateway/edge/package.ts";
import type { Call, Clock } from "../../../gateway/world.ts";
import { mailTaggerManifest, publish, tamper } from "./packages.ts";

const clock: Clock = { nowMs: () => Date.now(), wait: (ms) => scheduler.wait(ms) };
const TEXT = "WIN a free prize now, click here";

/** A clock that only moves when told; waiting yields to the event loop. */
function handClock(startMs: number): Clock & { moveMs(ms: number): void } {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    wait: () => scheduler.wait(1),
    moveMs: (ms) => {
      nowMs += ms;
    },
  };
}

let background: Promise<unknown>[] = [];
beforeEach(() => {
  background = [];
});

function aCall(signal = new AbortController().signal): Call {
  return {
    requestId: "test",
    traceResponse: undefined,
    signal,
    keepAlive: (work) => background.push(work),
    afterAnswer: (work) => background.push(work()),
  };
}

const settled = () => Promise.allSettled(background);

function isolate(modelId: string, parts: { bucket?: ModelBucket; engine?: EdgeEngine; clock?: Clock } = {}) {
  const time = parts.clock ?? clock;
  return new EdgeIsolate({
    modelId,
    bucket: parts.bucket ?? env.MODELS,
    engine: parts.engine ?? createOnnxEngine(wasm),
    breaker: createBreaker("edge", { consecutive: 3, openMs: 30_000 }, time, () => 0.5),
    clock: time,
  });
}

describe("a cold isolate", () => {
  it("counts tokens from the verified tokenizer while the weights load, and is ready when they are proven", async () => {
    const edge = isolate(await publish());
    expect(edge.conditions()).toMatchObject({ model: "cold", maxTokens: null });
    const tokenIds = await edge.tokenizeWhenLoaded(TEXT, aCall());
    expect(tokenIds?.length).toBeGreaterThan(5);
    expect(edge.conditions().maxTokens).toBe((await mailTaggerManifest()).edge.maxTokens);
    await settled();
    expect(edge.conditions().model).toBe("ready");
    expect(edge.status().heapBytes).toBe((await mailTaggerManifest()).edge.heap.maximumBytes);
  });

  it("makes its session once and gives every run of a text the same logits", async () => {
    let loads = 0;
    const real = createOnnxEngine(wasm);
    const engine: EdgeEngine = {
      load: (opened, stream) => {
        loads += 1;
        return real.load(opened, stream);
      },
    };
    const edge = isolate(await publish(), { engine });
    const tokenIds = (await edge.tokenizeWhenLoaded(TEXT, aCall())) ?? [];
    await settled();
    const results = await Promise.all(Array.from({ length: 5 }, () => edge.run(tokenIds, aCall())));
    const logits = results.map((result) => (result.ok ? result.answer.windows[0]?.logits : result.failure));
    expect(new Set(logits.map((row) => JSON.stringify(row))).size).toBe(1);
    expect(loads).toBe(1);
  });

  it("starts one load for many requests", async () => {
    let reads = 0;
    const bucket: ModelBucket = {
      get: (key) => {
        if (key.endsWith("manifest.json")) reads += 1;
        return env.MODELS.get(key);
      },
    };
    const edge = isolate(await publish(), { bucket });
    await Promise.all(Array.from({ length: 10 }, () => edge.tokenizeWhenLoaded(TEXT, aCall())));
    await settled();
    expect(reads).toBe(1);
  });

  it("loads anew when the request that carried the load died with it", async () => {
    const time = handClock(1000);
    const modelId = await publish();
    let gets = 0;
    const bucket: ModelBucket = {
      // The first load never gets an answer: its request is gone.
      get: (key) => (gets++ === 0 ? new Promise(() => {}) : env.MODELS.get(key)),
    };
    const edge = isolate(modelId, { bucket, clock: time });
    edge.warm(aCall());
    time.moveMs(4999);
    edge.warm(aCall());
    expect(gets).toBe(1);
    time.moveMs(1);
    const second = aCall();
    background = [];
    edge.warm(second);
    await settled();
    expect(edge.conditions().model).toBe("ready");
  });
});

describe("what is stored is not what was named", () => {
  const rejected: [string, (modelId: string) => Promise<void>, RegExp][] = [
    ["a flipped bit in the weights", (id) => tamper(id, "edge.ort", 5_000_000), /sha256 of edge.ort/],
    ["a flipped bit in the last byte", async (id) => tamper(id, "edge.ort", await lastByte("edge.ort")), /edge.ort/],
    ["a flipped bit in the tokenizer", (id) => tamper(id, "tokenizer.json", 1000), /sha256 of tokenizer.json/],
    ["a flipped bit in the manifest", (id) => tamper(id, "manifest.json", 40), /manifest-digest/],
  ];
  it.each(rejected)("%s: the edge is off and says why", async (_, bend, reason) => {
    const modelId = await publish();
    await bend(modelId);
    const edge = isolate(modelId);
    edge.warm(aCall());
    await settled();
    expect(edge.conditions().model).toBe("rejected");
    expect(edge.status().reason).toMatch(reason);
  });

  it("a model that computes other logits than its package promises is never ready", async () => {
    const modelId = await publish(({ edge }) => {
      const golden = edge.golden[0];
      if (golden?.logits[0] !== undefined) golden.logits[0] += 0.01;
    });
    const edge = isolate(modelId);
    edge.warm(aCall());
    await settled();
    expect(edge.status()).toMatchObject({ state: "rejected", reason: "golden-logits" });
  });

  it("a package that is not there is asked for again, after a while that doubles", async () => {
    const time = handClock(1000);
    let gets = 0;
    const bucket: ModelBucket = {
      get: async () => {
        gets += 1;
        return null;
      },
    };
    const edge = isolate(`mail-tagger@${"0".repeat(64)}`, { bucket, clock: time });
    const warm = async () => {
      edge.warm(aCall());
      await settled();
    };
    await warm();
    expect(edge.status().state).toBe("failed");
    time.moveMs(999);
    await warm();
    expect(gets).toBe(1);
    time.moveMs(1);
    await warm();
    expect(gets).toBe(2);
    time.moveMs(1999);
    await warm();
    expect(gets).toBe(2);
    time.moveMs(1);
    await warm();
    expect(gets).toBe(3);
  });
});

describe("the heap's limit", () => {
  it("fails the text that does not fit, answers the next one, and does not try such a text again", async () => {
    const manifest = await mailTaggerManifest();
    const tight = manifest.edge.memoryBytes.base + 100 * manifest.edge.memoryBytes.perToken;
    const modelId = await publish(({ edge }) => {
      edge.heap = { initialBytes: Math.round(tight), maximumBytes: Math.round(tight) + 65_536 };
      edge.maxTokens = 512;
    });
    const edge = isolate(modelId);
    edge.warm(aCall());
    await settled();
    expect(edge.conditions().model).toBe("ready");
    const long = Array.from({ length: 512 }, () => 5);
    expect(await edge.run(long, aCall())).toEqual({ ok: false, failure: { reason: "out-of-memory", kind: "failed" } });
    expect(edge.conditions()).toMatchObject({ model: "ready", breakerAllows: true, maxTokens: 511 });
    expect((await edge.run([5, 6, 7], aCall())).ok).toBe(true);
    expect(edge.status().heapBytes).toBeLessThanOrEqual(tight + 65_536);
  });
});

describe("a crash of the engine", () => {
  it("drops the model, and the next request loads a new one", async () => {
    const real = createOnnxEngine(wasm);
    let crash = false;
    const engine: EdgeEngine = {
      load: async (opened, stream) => {
        const model = await real.load(opened, stream);
        return {
          heapBytes: () => model.heapBytes(),
          run: async (tokenIds) => {
            if (crash) throw new EdgeRunError("crashed", "RuntimeError: unreachable");
            return model.run(tokenIds);
          },
        };
      },
    };
    const edge = isolate(await publish(), { engine });
    edge.warm(aCall());
    await settled();
    crash = true;
    expect(await edge.run([5, 6], aCall())).toMatchObject({ ok: false, failure: { reason: "crashed" } });
    expect(edge.conditions().model).toBe("cold");
    crash = false;
    expect((await edge.run([5, 6], aCall())).ok).toBe(true);
  });
});

describe("the queue", () => {
  it("gives the turn of a caller that hung up to the next one", async () => {
    const edge = isolate(await publish());
    edge.warm(aCall());
    await settled();
    const hungUp = new AbortController();
    const gone = edge.run([1, 2, 3], aCall(hungUp.signal));
    const next = edge.run([4, 5, 6], aCall());
    hungUp.abort();
    expect(await gone).toEqual({ ok: false, failure: { reason: "caller-gone", kind: "aborted" } });
    expect((await next).ok).toBe(true);
    expect(edge.conditions().queueMs).toBe(0);
  });
});

async function lastByte(name: string): Promise<number> {
  const entry = (await mailTaggerManifest()).files.find((file) => file.name === name);
  return (entry?.sizeBytes ?? 1) - 1;
}
