import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ColdSamples, coldResult, coldTables, problemOf } from "../../../../tools/bench/cold/report.ts";
import { uploadSize } from "../../../../tools/bench/cold/start-up.ts";

const gatewayLoad = (loadMs: number) => ({ processStartMs: 2000, loadMs, firstProbeMs: 30, heapBytes: 1 });
const plainLoad = { processStartMs: 2000, loadMs: 900, readMs: 300, createMs: 590, firstCallerMs: 1200, heapBytes: 1 };
const caller = (route: string, ms: number) => ({ status: 200, route, because: "edge-cold", ms, gatewayMs: 80 });
const samples: ColdSamples = {
  model: "m@1",
  upload: { files: [], bytes: 15e6, gzipBytes: 4e6 },
  startUp: { samples: 3, gatewayP50Ms: 200, gatewayMaxMs: 300, emptyP50Ms: 7 },
  gateways: [gatewayLoad(700), gatewayLoad(600), gatewayLoad(5000)],
  callers: [caller("origin", 100), caller("origin", 120), caller("edge", 900)],
  answers: [
    { firstMs: 40, warmMs: 30 },
    { firstMs: 60, warmMs: 30 },
    { firstMs: 90, warmMs: 40 },
  ],
  plains: [plainLoad],
};

describe("cold starts", () => {
  it("are medians, and ratios of medians", () => {
    expect(coldResult(samples)).toMatchObject({
      gateway: {
        p50: { loadMs: 700, firstCallerMs: 120 },
        spilled: 2,
        edgeAnswer: { firstMs: 60, warmMs: 30, firstOverWarm: 2 },
      },
      plain: { loadOverPlain: 0.78, over: { load: 1.29, firstCaller: 10 } },
    });
  });

  it.each([
    {
      what: "all",
      changed: {},
      holds: { load: true, loadOverPlain: false, firstAnswer: true, upload: true, startUp: true },
    },
    {
      what: "a load that is short enough beside the plain Worker's",
      changed: { gateways: [gatewayLoad(675)] },
      holds: { loadOverPlain: true },
    },
    {
      what: "a slow first answer",
      changed: { answers: [{ firstMs: 61, warmMs: 30 }] },
      holds: { firstAnswer: false },
    },
    { what: "a slow load", changed: { gateways: [gatewayLoad(1001)] }, holds: { load: false } },
    {
      what: "a large upload",
      changed: { upload: { files: [], bytes: 2e7, gzipBytes: 5_000_001 } },
      holds: { upload: false },
    },
    {
      what: "a slow start",
      changed: { startUp: { ...samples.startUp, gatewayP50Ms: 400 } },
      holds: { startUp: false },
    },
  ])("report which promises hold: $what", ({ changed, holds }) => {
    expect(coldResult({ ...samples, ...changed })).toMatchObject({ holds });
  });

  it("break promises at DistilBERT's size, which the command then names", () => {
    const changed = { ...samples, gateways: [gatewayLoad(1001)] };
    expect(problemOf(coldResult(changed))).toBeNull();
    expect(problemOf(coldResult({ ...changed, model: "distilbert@1" }))).toBe(
      "The cold start breaks its promises: cold load, ms: 1001, at most 1000; cold load over the plain Worker's: 1.11, at most 0.75.",
    );
    expect(problemOf(coldResult({ ...samples, model: "distilbert@1", gateways: [gatewayLoad(600)] }))).toBeNull();
  });

  it("have a result without the plain Worker", () => {
    const result = coldResult({ ...samples, plains: null });
    expect(result.plain).toBeNull();
    expect(result.holds.loadOverPlain).toBeNull();
    expect(coldTables(result)[0]?.rows[0]).toEqual(["load, R2 to ready", 700, "", ""]);
  });
});

describe("the upload", () => {
  it("is the script and its modules, without source maps, README and Miniflare's options", async () => {
    const folder = await mkdtemp(join(tmpdir(), "upload-"));
    try {
      for (const name of ["index.js", "a.wasm", "index.js.map", "README.md", "options.json"]) {
        await writeFile(join(folder, name), "x".repeat(1000));
      }
      const { files, bytes, gzipBytes } = await uploadSize({ modulesFolder: folder });
      expect(files.map(({ name }) => name)).toEqual(["a.wasm", "index.js"]);
      expect(bytes).toBe(2000);
      expect(gzipBytes).toBeLessThan(200);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
