/** The edge side inside workerd, on the real package, the real wasm and a real R2. */
import { env } from "cloudflare:workers";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { beforeEach, describe, expect, it } from "vitest";
import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import { type EdgeEngine, EdgeRunError } from "../../../gateway/edge/engine.ts";
import { createOnnxEngine } from "../../../gateway/edge/onnx/onnx-engine.ts";
import type { Clock } from "../../../gateway/world.ts";
import { aCall, anIsolate, forgetBackground, settled, TEXT, tokens } from "../support/isolate.ts";
import { mailTaggerManifest, publish } from "../support/packages.ts";

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

beforeEach(forgetBackground);

describe("a cold isolate", () => {
  it("counts tokens from the verified tokenizer while the weights load, and is ready when they are proven", async () => {
    const edge = anIsolate(await publish());
    expect(edge.conditions()).toMatchObject({ model: "cold", maxTokens: null });
    const tokenized = await edge.tokenizeWhenLoaded(TEXT, aCall());
    expect(tokenized?.tokenIds.length).toBeGreaterThan(5);
    expect(edge.conditions().maxTokens).toBe((await mailTaggerManifest()).edge.maxTokens);
    await settled();
    expect(edge.conditions().model).toBe("ready");
    expect(edge.status().heapBytes).toBe((await mailTaggerManifest()).edge.heapBytes);
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
    const edge = anIsolate(await publish(), { engine });
    const tokenized = (await edge.tokenizeWhenLoaded(TEXT, aCall())) ?? tokens(edge, []);
    await settled();
    const results = await Promise.all(Array.from({ length: 5 }, () => edge.run(tokenized, aCall())));
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
      list: (options) => env.MODELS.list(options),
    };
    const edge = anIsolate(await publish(), { bucket });
    await Promise.all(Array.from({ length: 10 }, () => edge.tokenizeWhenLoaded(TEXT, aCall())));
    await settled();
    expect(reads).toBe(1);
  });

  it("loads anew when the request that carried the load died with it", async () => {
    const time = handClock(1000);
    const modelId = await publish();
    let loads = 0;
    const bucket: ModelBucket = {
      get: (key) => env.MODELS.get(key),
      // The first load never gets an answer: its request is gone.
      list: (options) => (loads++ === 0 ? new Promise(() => {}) : env.MODELS.list(options)),
    };
    const edge = anIsolate(modelId, { bucket, clock: time });
    edge.warm(aCall());
    time.moveMs(4999);
    edge.warm(aCall());
    expect(loads).toBe(1);
    time.moveMs(1);
    const second = aCall();
    forgetBackground();
    edge.warm(second);
    await settled();
    expect(edge.conditions().model).toBe("ready");
  });
});

describe("the heap's limit", () => {
  it("fails the text that does not fit, answers the next one, and does not try such a text again", async () => {
    const manifest = await mailTaggerManifest();
    const tight = manifest.edge.memoryBytes.base + 100 * manifest.edge.memoryBytes.perToken;
    const modelId = await publish(({ edge }) => {
      edge.heapBytes = Math.round(tight);
      edge.maxTokens = 512;
    });
    const edge = anIsolate(modelId, { engine: createOnnxEngine(wasm, Math.round(tight) + 65_536) });
    edge.warm(aCall());
    await settled();
    expect(edge.conditions().model).toBe("ready");
    const long = Array.from({ length: 512 }, () => 5);
    expect(await edge.run(tokens(edge, long), aCall())).toEqual({
      ok: false,
      failure: { reason: "out-of-memory", kind: "failed" },
    });
    expect(edge.conditions()).toMatchObject({ model: "ready", breakerAllows: true, maxTokens: 511 });
    expect((await edge.run(tokens(edge, [5, 6, 7]), aCall())).ok).toBe(true);
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
          release: () => {},
          run: async (tokenIds) => {
            if (crash) throw new EdgeRunError("crashed", "RuntimeError: unreachable");
            return model.run(tokenIds);
          },
        };
      },
    };
    const edge = anIsolate(await publish(), { engine });
    edge.warm(aCall());
    await settled();
    crash = true;
    expect(await edge.run(tokens(edge, [5, 6]), aCall())).toMatchObject({ ok: false, failure: { reason: "crashed" } });
    expect(edge.conditions().model).toBe("cold");
    crash = false;
    expect((await edge.run(tokens(edge, [5, 6]), aCall())).ok).toBe(true);
  });
});

describe("the queue", () => {
  it("gives the turn of a caller that hung up to the next one", async () => {
    const edge = anIsolate(await publish());
    edge.warm(aCall());
    await settled();
    const hungUp = new AbortController();
    const gone = edge.run(tokens(edge, [1, 2, 3]), aCall(hungUp.signal));
    const next = edge.run(tokens(edge, [4, 5, 6]), aCall());
    hungUp.abort();
    expect(await gone).toEqual({ ok: false, failure: { reason: "caller-gone", kind: "aborted" } });
    expect((await next).ok).toBe(true);
    expect(edge.conditions().queueMs).toBe(0);
  });
});
