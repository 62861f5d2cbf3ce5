/** Packages for spillway-engine in workerd: they serve, and a damaged one is rejected while the next request is answered. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import engineWasm from "../../../engine/dist/engine.wasm";
import { objectKey } from "../../../formats/model-package/names.ts";
import type { EdgeEngines } from "../../../gateway/edge/choose-engine.ts";
import { createSpillwayEngine, spillwayEngineOf } from "../../../gateway/edge/spillway/spillway-engine.ts";
import type { IsolateEvent } from "../../../gateway/record/events.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { SHORT } from "../../support/texts.ts";
import { type PackageOptions, publishEnginePackage, WEIGHTS_FILE } from "../support/engine-package.ts";
import { urlOf } from "../support/faulty.ts";
import { aGateway, classify, handClock, ready, realEngines, routingOf } from "../support/gateway.ts";
import { anEdge, realClock, run, tokens, warmed } from "../support/isolate.ts";
import { publishOrt, rewrite } from "../support/packages.ts";

describe("a package for spillway-engine", () => {
  it("is loaded, proven and run, up to 512 tokens, and its heap is the one that the manifest gives", async () => {
    let heapBytes = 0;
    const { modelId, logitsOf } = await publishEnginePackage({ bend: (edge) => (heapBytes = edge.heapBytes) });
    const edge = await warmed(anEdge(modelId));
    expect(edge.status()).toMatchObject({ state: "ready", reason: null, heapBytes });
    expect(edge.conditions().maxTokens).toBe(512);
    for (const count of [1, 7, 512]) {
      const ids = Array.from({ length: count }, (_, index) => (index * 97) % 30_000);
      const result = await run(edge, tokens(edge, ids));
      expect(result.ok && result.answer.windows[0]?.logits).toEqual(Array.from(logitsOf(ids)));
    }
  });

  it("is rejected if its golden logits are others", async () => {
    const { modelId } = await publishEnginePackage({
      bend: ({ golden: [first] }) => {
        if (first?.logits[0] !== undefined) first.logits[0] += 0.01;
      },
    });
    expect((await warmed(anEdge(modelId))).status()).toMatchObject({ state: "rejected", reason: "golden-logits" });
  });
});

/** Two halves of the file change places. */
function reordered(bytes: Uint8Array): Uint8Array {
  const half = bytes.byteLength >> 1;
  return new Uint8Array([...bytes.subarray(half), ...bytes.subarray(0, half)]);
}

const flipped = (at: (bytes: number) => number) => (bytes: Uint8Array) => {
  const index = at(bytes.byteLength);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
};

const DAMAGE: [string, (bytes: Uint8Array) => Uint8Array][] = [
  ["one bit of the header is flipped", flipped(() => 9)],
  ["one bit in the middle is flipped", flipped((bytes) => bytes >> 1)],
  ["the last bit is flipped", flipped((bytes) => bytes - 1)],
  ["the halves are exchanged", reordered],
];

describe("weights that are damaged in the bucket", () => {
  it.each([
    ...DAMAGE.map(([what, bend]) => [what, bend, "sha256 of edge.weights"] as const),
    ["the end is missing", (bytes: Uint8Array) => bytes.slice(0, -100), "size of edge.weights"] as const,
    ["bytes are added", (bytes: Uint8Array) => new Uint8Array([...bytes, 0]), "size of edge.weights"] as const,
  ])("%s: the package is rejected, and the next request is answered", async (_, bend, reason) => {
    const { modelId } = await publishEnginePackage();
    await rewrite(modelId, WEIGHTS_FILE, bend);
    const gateway = await ready(aGateway({ modelId, originUrl: urlOf("ok?damaged"), clock: handClock() }));
    expect(gateway.world.sides.edge.status()).toMatchObject({ state: "rejected", reason });
    expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ status: 200, route: "origin" });
  });
});

describe("weights that a faulty packer signed", () => {
  const cases: [string, PackageOptions["bendWeights"]][] = [
    ...DAMAGE,
    ["the end is missing", (bytes) => bytes.slice(0, -100)],
    ["bytes are added", (bytes) => new Uint8Array([...bytes, 0])],
    ["only a part of the header is there", (bytes) => bytes.slice(0, 10)],
  ];
  it.each(cases)("%s: the engine rejects the package with one sentence, and the next model loads", async (_, bend) => {
    const { modelId } = await publishEnginePackage({ ...(bend && { bendWeights: bend }) });
    const edge = await warmed(anEdge(modelId));
    expect(edge.status()).toMatchObject({
      state: "rejected",
      reason: expect.stringMatching(/^edge\.weights: (The|This) .*\.$/),
    });
    const good = await publishEnginePackage({ seed: 2 });
    edge.obey({ ...defaultPolicy(), model: good.modelId });
    await warmed(edge);
    expect(edge.status()).toMatchObject({ state: "ready", model: good.modelId });
  });

  it("a model that needs more memory than the engine may use is rejected", async () => {
    const { modelId } = await publishEnginePackage();
    const engine = createSpillwayEngine(engineWasm, realClock, 2 ** 20);
    const edge = await warmed(anEdge(modelId, { engine }));
    expect(edge.status()).toMatchObject({
      state: "rejected",
      reason: expect.stringMatching(/^edge\.weights: The model needs/),
    });
  });
});

describe("in a runtime without relaxed SIMD", () => {
  const engines = (): EdgeEngines => ({
    ...realEngines(realClock),
    "spillway-engine": spillwayEngineOf(engineWasm, realClock, false),
  });
  const REASON = "spillway-engine needs relaxed SIMD, which this runtime does not have";

  it("the package's onnxruntime-web file serves, and the load reports why", async () => {
    const { modelId } = await publishEnginePackage({ fallback: true });
    const events: IsolateEvent[] = [];
    const report = (event: IsolateEvent) => void events.push(event);
    const gateway = await ready(
      aGateway({ modelId, originUrl: urlOf("ok?no-simd"), clock: handClock(), engines: engines(), report }),
    );
    expect(events).toContainEqual(expect.objectContaining({ kind: "edge-load", result: "ready", reason: REASON }));
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "edge", because: "within-share" });
  });

  it("a package without such a file is rejected with the reason", async () => {
    const { modelId } = await publishEnginePackage();
    const edge = await warmed(anEdge(modelId, { engines: engines() }));
    expect(edge.status()).toMatchObject({ state: "rejected", reason: `${REASON}; the package has no edgeFallback` });
  });

  it("this runtime has relaxed SIMD", () => {
    expect(spillwayEngineOf(engineWasm, realClock)).toHaveProperty("load");
  });
});

describe("a deployment without onnxruntime-web", () => {
  const engines = (): EdgeEngines => ({ ...realEngines(realClock), "onnxruntime-web": { unavailable: "left out" } });

  it("rejects a package that needs it, with the reason", async () => {
    const edge = await warmed(anEdge(await publishOrt(), { engines: engines() }));
    expect(edge.status()).toMatchObject({ state: "rejected", reason: "left out; the package has no edgeFallback" });
  });

  it("serves a package for spillway-engine", async () => {
    const { modelId } = await publishEnginePackage();
    const stored = await env.MODELS.head(objectKey(modelId, WEIGHTS_FILE));
    expect(stored).not.toBeNull();
    expect((await warmed(anEdge(modelId, { engines: engines() }))).status().state).toBe("ready");
  });
});
