/** One isolate, two engines: the heap of one is collected before the other makes its own. */
import { beforeAll, describe, expect, it } from "vitest";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { type EnginePackage, publishEnginePackage } from "../support/engine-package.ts";
import { handClock, realEngines } from "../support/gateway.ts";
import { anEdge, realClock, run, tokens, warmed } from "../support/isolate.ts";
import { publishOrt } from "../support/packages.ts";

let ours: EnginePackage;
let ort: string;
beforeAll(async () => {
  ours = await publishEnginePackage();
  ort = await publishOrt();
});

/** Counts the heaps that exist whenever a new one is made. */
function watchHeaps() {
  const RealMemory = WebAssembly.Memory;
  const heaps: WeakRef<WebAssembly.Memory>[] = [];
  const besides: number[] = [];
  WebAssembly.Memory = class extends RealMemory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      if (descriptor.initial === 0) return;
      besides.push(heaps.filter((heap) => heap.deref() !== undefined).length);
      heaps.push(new WeakRef(this));
    }
  };
  const stop = () => {
    WebAssembly.Memory = RealMemory;
  };
  return { besides, stop };
}

it("models of both engines in turn: no heap is made while another one exists; until it is collected the origin serves", async () => {
  const { besides, stop } = watchHeaps();
  try {
    const edge = anEdge(ours.modelId, { engines: realEngines(realClock) });
    for (const model of [ours.modelId, ort, ours.modelId, ort]) {
      edge.obey({ ...defaultPolicy(), model });
      await warmed(edge);
      // When V8 collects is its own decision.
      const { state, reason } = edge.status();
      if (state === "failed") {
        expect(reason).toMatch(/^the heap of the model before, \d+ MiB, is not freed yet$/);
        expect(edge.conditions().model).toBe("cold");
        continue;
      }
      expect(edge.status()).toMatchObject({ state: "ready", model });
      expect(await run(edge, tokens(edge, [5, 6, 7]))).toMatchObject({ ok: true, answer: { model } });
    }
  } finally {
    stop();
  }
  expect(besides.length).toBeGreaterThan(0);
  expect(besides.every((others) => others === 0)).toBe(true);
});

describe("a heap that is not collected", () => {
  it("fails the load with the reason after a while, the origin serves, and a later load succeeds", async () => {
    const engines = realEngines(realClock);
    const stuck = { bytes: 74 * 2 ** 20 };
    const withHeap: EdgeEngine = {
      load: () => Promise.reject(new Error("not used")),
      discard: () => {},
      uncollectedBytes: () => stuck.bytes,
    };
    const hand = handClock();
    const clock = {
      nowMs: hand.nowMs,
      wait: (ms: number) => {
        hand.moveMs(Math.max(1, ms));
        return scheduler.wait(0);
      },
    };
    const edge = anEdge(ours.modelId, { engines: { ...engines, "onnxruntime-web": withHeap }, clock });
    await warmed(edge);
    expect(edge.status()).toMatchObject({
      state: "failed",
      reason: "the heap of the model before, 74 MiB, is not freed yet",
    });
    expect(edge.conditions().model).toBe("cold");
    stuck.bytes = 0;
    hand.moveMs(1000);
    await warmed(edge);
    expect(edge.status().state).toBe("ready");
  });
});
