/** A load is pieces, between which the isolate serves others. In workerd with the real engine and a real R2; by the order of events. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { objectKey } from "../../../formats/model-package/names.ts";
import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { type EnginePackage, publishEnginePackage, WEIGHTS_FILE } from "../support/engine-package.ts";
import { urlOf } from "../support/faulty.ts";
import { aGateway, get, handClock, ready } from "../support/gateway.ts";
import { anEdge, run, tokens, warmed } from "../support/isolate.ts";

let model: EnginePackage;
let other: EnginePackage;
beforeAll(async () => {
  model = await publishEnginePackage();
  other = await publishEnginePackage({ seed: 2 });
});

describe("a load", () => {
  /** A bucket that calls `onPiece` for each piece of the weights that is read. */
  function watchedBucket(onPiece: (piece: number) => void): ModelBucket {
    return {
      list: (options) => env.MODELS.list(options),
      get: async (key) => {
        const stored = await env.MODELS.get(key);
        if (stored === null || key !== objectKey(model.modelId, WEIGHTS_FILE)) return stored;
        let pieces = 0;
        return {
          size: stored.size,
          body: {
            getReader: (options) => {
              const reader = stored.body.getReader(options);
              return {
                readAtLeast: async (min, buffer) => {
                  const read = await reader.readAtLeast(min, buffer);
                  onPiece(++pieces);
                  return read;
                },
              };
            },
          },
        };
      },
    };
  }

  it("ends between two pieces when another model is wanted, and the other one is loaded into the same memory", async () => {
    const pieces: number[] = [];
    const bucket = watchedBucket((piece) => {
      pieces.push(piece);
      edge.obey({ ...defaultPolicy(), model: other.modelId });
    });
    const edge = anEdge(model.modelId, { bucket, clock: handClock() });
    await warmed(edge);
    await warmed(edge);
    expect(pieces).toEqual([1]);
    expect(edge.status()).toMatchObject({ state: "ready", model: other.modelId });
    const result = await run(edge, tokens(edge, [5, 6]));
    expect(result.ok && result.answer.windows[0]?.logits).toEqual(Array.from(other.logitsOf([5, 6])));
  });

  it("answers a health check between two pieces", async () => {
    const events: string[] = [];
    const bucket = watchedBucket((piece) => {
      events.push(`piece ${piece}`);
      if (piece === 1) void get(gateway, "/healthz").then(() => events.push("health check"));
    });
    const gateway = aGateway({
      modelId: model.modelId,
      originUrl: urlOf("ok?load"),
      clock: handClock(),
      variables: { MODELS: bucket },
    });
    await ready(gateway);
    expect(gateway.world.sides.edge.status().state).toBe("ready");
    expect(events.indexOf("health check")).toBeGreaterThan(0);
    expect(events.indexOf("health check")).toBeLessThan(events.length - 1);
  });

  it("lets others run after each piece, also if the next one is there already", async () => {
    const events: string[] = [];
    const bucket = watchedBucket((piece) => events.push(`piece ${piece}`));
    const clock = handClock();
    const wait = (ms: number) => {
      events.push("wait");
      return clock.wait(ms);
    };
    await warmed(anEdge(model.modelId, { bucket, clock: { ...clock, wait } }));
    const pieces = events.filter((event) => event !== "wait");
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces.slice(0, -1)) expect(events[events.indexOf(piece) + 1]).toBe("wait");
  });
});
