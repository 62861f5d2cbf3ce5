/** The edge in workerd, with the real package, the real wasm and a real R2. */
import { env } from "cloudflare:workers";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "../../../gateway/call.ts";
import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import { type EdgeEngine, EdgeRunError } from "../../../gateway/edge/engine.ts";
import { createOnnxEngine } from "../../../gateway/edge/onnx/onnx-engine.ts";
import { SHORT } from "../../support/texts.ts";
import { aLifetime, eitherEngine, forgetBackground, settled } from "../support/gateway.ts";
import { anEdge, attempt, realClock, run, tokens } from "../support/isolate.ts";
import { mailTaggerManifest, ortEntry, publish, publishOrt } from "../support/packages.ts";

/** A clock that a test moves; waiting yields to the event loop. */
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
    const edge = anEdge(await publish());
    expect(edge.conditions()).toMatchObject({ model: "cold", maxTokens: null });
    edge.warm(aLifetime());
    await vi.waitFor(async () => expect((await edge.tokenize(SHORT, aLifetime()))?.tokens).toBeGreaterThan(5), {
      interval: 1,
    });
    expect(edge.conditions().model).toBe("cold");
    expect(edge.conditions().maxTokens).toBe((await mailTaggerManifest()).edge.maxTokens);
    await settled();
    expect(edge.conditions().model).toBe("ready");
    expect(edge.status().heapBytes).toBe((await mailTaggerManifest()).edge.heapBytes);
  });

  it("shows in its status how far INT8 is from FP32, if the packer was asked to accept it", async () => {
    const gap = { engine: "spillway-engine", mean: 0.9, largest: 4, spread: 1.1 } as const;
    for (const acceptedGaps of [[gap], undefined]) {
      const edge = anEdge(await publish((manifest) => Object.assign(manifest, { acceptedGaps })));
      expect(edge.status().acceptedGaps).toBeNull();
      edge.warm(aLifetime());
      await settled();
      expect(edge.status().acceptedGaps).toEqual(acceptedGaps ?? []);
    }
  });

  it("makes its session once, and computes the same logits for every run of a text", async () => {
    let loads = 0;
    const real = eitherEngine(realClock);
    const engine: EdgeEngine = {
      ...real,
      load: (opened, stream) => {
        loads += 1;
        return real.load(opened, stream);
      },
    };
    const edge = anEdge(await publish(), { engine });
    const results = await Promise.all(Array.from({ length: 5 }, () => attempt(edge, SHORT)));
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
    const edge = anEdge(await publish(), { bucket });
    await Promise.all(Array.from({ length: 10 }, () => attempt(edge, SHORT)));
    await settled();
    expect(reads).toBe(1);
  });

  it("loads again if the request of the first load was cancelled", async () => {
    const time = handClock(1000);
    const modelId = await publish();
    let loads = 0;
    const bucket: ModelBucket = {
      get: (key) => env.MODELS.get(key),
      // The first load never gets an answer: its request was cancelled.
      list: (options) => (loads++ === 0 ? new Promise(() => {}) : env.MODELS.list(options)),
    };
    const edge = anEdge(modelId, { bucket, clock: time });
    edge.warm(aLifetime());
    time.moveMs(4999);
    edge.warm(aLifetime());
    expect(loads).toBe(1);
    time.moveMs(1);
    const second = aLifetime();
    forgetBackground();
    edge.warm(second);
    await settled();
    expect(edge.conditions().model).toBe("ready");
  });
});

describe("the heap's limit of onnxruntime-web", () => {
  it("fails a text that does not fit, answers the next one, and sends no such text to the engine again", async () => {
    const { memoryBytes } = (await ortEntry()).edge;
    const tight = memoryBytes.base + 100 * memoryBytes.perToken;
    const modelId = await publishOrt(({ edge }) => {
      edge.heapBytes = Math.round(tight);
      edge.maxTokens = 512;
    });
    const edge = anEdge(modelId, { engine: createOnnxEngine(wasm, Math.round(tight) + 65_536) });
    edge.warm(aLifetime());
    await settled();
    expect(edge.conditions().model).toBe("ready");
    const long = Array.from({ length: 512 }, () => 5);
    expect(await run(edge, tokens(edge, long))).toMatchObject({
      ok: false,
      failure: { reason: "out-of-memory", kind: "failed" },
    });
    expect(edge.conditions()).toMatchObject({ model: "ready", breakerAllows: true, maxTokens: 511 });
    expect((await run(edge, tokens(edge, [5, 6, 7]))).ok).toBe(true);
    expect(edge.status().heapBytes).toBeLessThanOrEqual(tight + 65_536);
  });
});

/** A real engine whose runs crash while `crashes()`. A crashed model stays crashed, as the engines' own do. */
function crashing(crashes: () => boolean): EdgeEngine {
  const real = eitherEngine(realClock);
  const load: EdgeEngine["load"] = async (opened, stream) => {
    const model = await real.load(opened, stream);
    let isCrashed = false;
    return {
      ...model,
      release: () => {},
      run: async (texts, steps) => {
        isCrashed ||= crashes();
        if (isCrashed) throw new EdgeRunError("crashed", "RuntimeError: unreachable");
        return model.run(texts, steps);
      },
    };
  };
  return { ...real, load };
}

describe("a crash of the engine", () => {
  it("drops the model, and the next request loads a new one", async () => {
    let crash = false;
    const edge = anEdge(await publish(), { engine: crashing(() => crash) });
    edge.warm(aLifetime());
    await settled();
    crash = true;
    expect(await run(edge, tokens(edge, [5, 6]))).toMatchObject({
      ok: false,
      failure: { reason: "crashed" },
    });
    expect(edge.conditions().model).toBe("cold");
    crash = false;
    expect((await run(edge, tokens(edge, [5, 6]))).ok).toBe(true);
  });

  it("is one failure, however many texts wait behind it: a new model answers them", async () => {
    const crashes: boolean[] = [];
    const edge = anEdge(await publish(), { engine: crashing(() => crashes.pop() ?? false) });
    edge.warm(aLifetime());
    await settled();
    crashes.push(true);
    const results = await Promise.all([5, 6, 7, 8, 9, 10].map((id) => run(edge, tokens(edge, [id, 6]))));
    expect(results.map((result) => (result.ok ? "ok" : result.failure.reason))).toEqual([
      "crashed",
      ...Array.from({ length: 5 }, () => "ok"),
    ]);
    expect(edge.conditions()).toMatchObject({ model: "ready", breakerAllows: true, queueMs: 0 });
  });

  it("in each run ends at the breaker: a text waits for a new model once", async () => {
    let crash = false;
    const edge = anEdge(await publish(), { engine: crashing(() => crash) });
    edge.warm(aLifetime());
    await settled();
    crash = true;
    const results = await Promise.all([5, 6, 7, 8].map((id) => run(edge, tokens(edge, [id, 6]))));
    expect(results.filter(({ ok }) => ok)).toEqual([]);
    expect(edge.conditions().queueMs).toBe(0);
  });
});

describe("the queue", () => {
  it("gives the turn of a caller that disconnected to the next one", async () => {
    const edge = anEdge(await publish());
    edge.warm(aLifetime());
    await settled();
    const hungUp = new AbortController();
    const gone = run(edge, tokens(edge, [1, 2, 3]), aLifetime(hungUp.signal));
    const next = run(edge, tokens(edge, [4, 5, 6]));
    hungUp.abort();
    expect(await gone).toMatchObject({ ok: false, failure: { reason: "caller-gone", kind: "aborted" } });
    expect((await next).ok).toBe(true);
    expect(edge.conditions().queueMs).toBe(0);
  });
});
