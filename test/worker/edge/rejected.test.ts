/** Packages that could not be loaded: when the edge reads them again. In workerd on a real R2. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { objectKey } from "../../../formats/model-package/names.ts";
import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { handClock, settled } from "../support/gateway.ts";
import { anEdge, warmed } from "../support/isolate.ts";
import { publish, tamper } from "../support/packages.ts";

let modelId: string;
beforeEach(async () => {
  modelId = await publish();
});

describe("a rejected package", () => {
  it("is read again only after a stored object has changed", async () => {
    const clock = handClock();
    let reads = 0;
    const bucket: ModelBucket = {
      get: (name) => {
        reads += 1;
        return env.MODELS.get(name);
      },
      list: (options) => env.MODELS.list(options),
    };
    await tamper(modelId, "tokenizer.json", 100);
    const edge = await warmed(anEdge(modelId, { bucket, clock }));
    expect(edge.status().state).toBe("rejected");
    const readsOfRejection = reads;
    for (let look = 0; look < 3; look++) {
      clock.moveMs(10_000);
      await warmed(edge);
    }
    expect([edge.status().state, reads]).toEqual(["rejected", readsOfRejection]);

    await tamper(modelId, "tokenizer.json", 100);
    clock.moveMs(9999);
    await warmed(edge);
    expect(edge.status().state).toBe("rejected");
    clock.moveMs(1);
    // The first request finds the change, and the next one loads.
    await warmed(edge);
    await warmed(edge);
    expect(edge.status().state).toBe("ready");
  });

  it("is read again after the same bytes were published again, so that damaged objects can be repaired", async () => {
    const clock = handClock();
    let damaged = true;
    const bucket: ModelBucket = {
      get: async (name) => {
        const stored = await env.MODELS.get(name);
        if (stored === null || !damaged || !name.endsWith("/tokenizer.json")) return stored;
        const bytes = new Uint8Array(await stored.arrayBuffer());
        bytes[100] = (bytes[100] ?? 0) ^ 1;
        return { body: new Response(bytes).body as typeof stored.body, size: stored.size };
      },
      list: (options) => env.MODELS.list(options),
    };
    const edge = await warmed(anEdge(modelId, { bucket, clock }));
    expect(edge.status()).toMatchObject({ state: "rejected", reason: "sha256 of tokenizer.json" });
    damaged = false;
    const key = objectKey(modelId, "tokenizer.json");
    const stored = await env.MODELS.get(key);
    await env.MODELS.put(key, (await stored?.arrayBuffer()) ?? new ArrayBuffer());
    clock.moveMs(10_000);
    await warmed(edge);
    await warmed(edge);
    expect(edge.status().state).toBe("ready");
  });

  it("is replaced at once when the policy names another model", async () => {
    await tamper(modelId, "tokenizer.json", 100);
    const good = await publish((manifest) => {
      manifest.version = 2;
    });
    const edge = await warmed(anEdge(modelId));
    expect(edge.status().state).toBe("rejected");
    edge.obey({ ...defaultPolicy(), model: good });
    await warmed(edge);
    expect(edge.status()).toMatchObject({ state: "ready", model: good });
  });
});

it("a bucket that cannot be read is retried after a delay that doubles", async () => {
  const clock = handClock();
  let lists = 0;
  const bucket: ModelBucket = {
    get: (name) => env.MODELS.get(name),
    list: async () => {
      lists += 1;
      throw new Error("10001: internal error");
    },
  };
  const edge = await warmed(anEdge(modelId, { bucket, clock }));
  expect(edge.status()).toMatchObject({ state: "failed", reason: expect.stringContaining("internal error") });
  const listsAfter = async (ms: number) => {
    clock.moveMs(ms);
    await warmed(edge);
    await settled();
    return lists;
  };
  expect(await listsAfter(999)).toBe(1);
  expect(await listsAfter(1)).toBe(2);
  expect(await listsAfter(1999)).toBe(2);
  expect(await listsAfter(1)).toBe(3);
});
