/** The ports that fail on command: without a fault they are the real ones. */
import { describe, expect, it } from "vitest";
import type { ModelBucket } from "../../../../../gateway/edge/bucket.ts";
import { type Controls, NO_FAULTS } from "../../../../../tools/bench/faults/controls.ts";
import { faultyBucket, faultyKv } from "../../../../../tools/bench/faults/faulty-stores.ts";
import { HeldSteps } from "../../../../../tools/bench/faults/held-steps.ts";

const OPTIONS = { type: "text" as const, cacheTtl: 30 };

describe("a KV namespace that fails on command", () => {
  it("answers with what is stored, with its first answer, or not at all", async () => {
    let controls: Controls = NO_FAULTS;
    let stored = "one";
    const kv = faultyKv({ get: async () => stored }, () => controls, "policies");
    expect(await kv.get("policy", OPTIONS)).toBe("one");
    stored = "two";
    controls = { ...NO_FAULTS, policies: "stale" };
    expect(await kv.get("policy", OPTIONS)).toBe("one");
    controls = { ...NO_FAULTS, policies: "down" };
    await expect(kv.get("policy", OPTIONS)).rejects.toThrow(/KV GET failed/);
    controls = { ...NO_FAULTS, keys: "down" };
    expect(await kv.get("policy", OPTIONS)).toBe("two");
  });
});

const PIECES = [2, 2, 2, 0];
const bucket = (): ModelBucket => ({
  list: async () => ({ objects: [], truncated: false }),
  get: async () => {
    const pieces = PIECES.values();
    const readAtLeast = async () => {
      const length = pieces.next().value ?? 0;
      return length === 0 ? { done: true } : { done: false, value: new Uint8Array(length) };
    };
    return { size: 6, body: { getReader: () => ({ readAtLeast }) } };
  },
});

async function readAll(from: ModelBucket): Promise<number> {
  const stored = await from.get("key");
  const reader = stored?.body.getReader({ mode: "byob" });
  let bytes = 0;
  for (;;) {
    const read = await reader?.readAtLeast(2, new Uint8Array(2));
    if (read?.value === undefined) return bytes;
    bytes += read.value.byteLength;
  }
}

describe("a bucket that fails on command", () => {
  it("sends an object whole, half, or not at all, and has a step for each answer and read", async () => {
    let controls: Controls = NO_FAULTS;
    let steps = 0;
    const step = async () => {
      steps += 1;
    };
    const faulty = faultyBucket(bucket(), () => controls, step);
    expect(await readAll(faulty)).toBe(6);
    expect(steps).toBe(1 + PIECES.length);
    controls = { ...NO_FAULTS, models: "half" };
    await expect(readAll(faulty)).rejects.toThrow("Network connection lost");
    controls = { ...NO_FAULTS, models: "down" };
    await expect(readAll(faulty)).rejects.toThrow(/internal error/);
  });

  it("reads an object from another key, or misses it, and lists the same", async () => {
    let controls: Controls = NO_FAULTS;
    const sizes = new Map([
      ["models/a/manifest.json", 1],
      ["models/a/edge.weights", 2],
      ["copies/edge.weights", 3],
    ]);
    const real: ModelBucket = {
      list: async ({ prefix }) => {
        const keys = [...sizes.keys()].filter((key) => key.startsWith(prefix));
        return { objects: keys.map((key) => ({ key, size: sizes.get(key) ?? 0, version: key })), truncated: false };
      },
      get: async (key) => {
        const [size, stored] = [sizes.get(key), await bucket().get(key)];
        return size === undefined || stored === null ? null : { ...stored, size };
      },
    };
    const faulty = faultyBucket(
      real,
      () => controls,
      async () => {},
    );
    const seen = async () => {
      const { objects } = await faulty.list({ prefix: "models/a/" });
      const sizeOf = async (key: string) => (await faulty.get(key))?.size ?? null;
      const listed = Object.fromEntries(objects.map(({ key, size }) => [key.slice(9), size]));
      return { listed, got: [await sizeOf("models/a/manifest.json"), await sizeOf("models/a/edge.weights")] };
    };
    expect(await seen()).toEqual({ listed: { "manifest.json": 1, "edge.weights": 2 }, got: [1, 2] });
    controls = { ...NO_FAULTS, moved: { key: "models/a/edge.weights", to: "copies/edge.weights" } };
    expect(await seen()).toEqual({ listed: { "manifest.json": 1, "edge.weights": 3 }, got: [1, 3] });
    controls = { ...NO_FAULTS, moved: { key: "models/a/edge.weights", to: null } };
    expect(await seen()).toEqual({ listed: { "manifest.json": 1 }, got: [1, null] });
  });
});

describe("the steps of a load", () => {
  it("are counted, and the one that is named waits until it is released", async () => {
    const steps = new HeldSteps();
    steps.set({ work: "load", step: 1 });
    await steps.step("load");
    await steps.step("run");
    const held = steps.step("load");
    expect([steps.isHeld, steps.counts]).toEqual([true, { load: 2, run: 1 }]);
    steps.set(null);
    await held;
    expect([steps.isHeld, steps.counts]).toEqual([false, { load: 0, run: 0 }]);
  });
});
