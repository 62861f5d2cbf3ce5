/** What the benches' JSON becomes on the pages, and that the pages have a place for it. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { replaceBlock, startOf } from "../../../../tools/bench/figures/blocks.ts";
import {
  coldBlocks,
  engineBlocks,
  holdBlocks,
  holdSchema,
  memoryBlocks,
  replayBlocks,
} from "../../../../tools/bench/figures/render.ts";

const measured = {
  model: "distilbert@1",
  startedAt: "2026-11-26T10:00:00.000Z",
  machine: { cpus: 2, cpu: "AMD EPYC", loadAtStart: 0.1 },
};
const length = {
  ...{ tokens: 8, engineMs: 8.36, stockMs: 30.4, nativeInt8Ms: 8.61, nativeFp32Ms: 20.6 },
  ...{ engineOverStock: 0.28, engineOverStockP50: 0.27, engineOverNativeInt8: 0.97 },
};
const engine = {
  ...{ ...measured, bench: "engine" as const, rounds: 8, weightBytes: 1, lengths: [length] },
  batches: [
    { texts: 4, tokens: 8, togetherOverOneByOne: 0.8 },
    { texts: 2, tokens: 8, togetherOverOneByOne: 0.9 },
  ],
};
const wait = { meanwhile: "cold load", request: "refusal", aloneP95Ms: 10, aloneSamples: 80, samples: 90 };
const hold = {
  ...{ ...measured, bench: "hold" as const, maxAddedMs: 25, loads: 20 },
  rows: [
    { ...wait, meanwhileP95Ms: 35 },
    { ...wait, meanwhileP95Ms: 35.1 },
  ],
};
const cold = {
  ...{ ...measured, bench: "cold" as const, plain: { p50: { loadMs: 700 }, loadOverPlain: 0.5 } },
  gateway: { p50: { loadMs: 350.4 }, samples: [1, 2, 3, 4, 5], edgeAnswer: { firstOverWarm: 1.4 } },
};
const reading = (totalMiB: number) => ({
  ...{ wasmHeapMiB: 71, v8UsedMiB: 8, embedderMiB: 1, backingStorageMiB: 2, totalMiB },
});
const memory = {
  ...{ ...measured, bench: "memory" as const, budgetMiB: 98 },
  stages: [
    { stage: "loading", after: reading(80), peak: reading(85) },
    { stage: "mixed", after: reading(90), peak: null },
  ],
};

const replay = {
  ...{ ...measured, bench: "replay" as const, texts: 300, waitedForEdgeColdStart: 0 as const },
  ...{ p95EdgeMs: 253.2, p95LambdaMs: 2409.1 },
};

describe("the pages' figures", () => {
  it("are those of the benches' JSON, with the number of requests behind each p95", () => {
    const [times, together] = engineBlocks(engine);
    expect(times?.text).toContain("npm run bench -- engine --model distilbert --rounds 8");
    expect(times?.text).toMatch(/\| 8 +\| 8\.4 +\| 30 +\| 8\.6 +\| 21 +\| 0\.28 \(0\.27\) +\| 0\.97 +\|/);
    expect(together?.text).toContain("one after another: 0.80 for 8 tokens each.");
    expect(holdBlocks(hold)[0]?.text).toMatch(/\| refusal +\| 10 \(80\) +\| 35 \(90\) +\| 25 +\| yes/);
    expect(holdBlocks(hold)[0]?.text).toMatch(/\| 35\.1 \(90\) +\| 25\.1 +\| NO/);
    expect(coldBlocks(cold)[0]?.text.replaceAll("\n", " ")).toContain("a load took 350 ms, the median of 5");
    expect(replayBlocks(replay)[0]?.text.replaceAll(/\s+/g, " ")).toContain(
      "of 300 texts, the P95 of a DistilBERT is 253 ms at the edge and 2,409 ms on Lambda",
    );
    expect(memoryBlocks(memory)[0]?.text).toMatch(/\| loading +\| 71\.0 .*\| 85\.0 +\|/);
    expect(memoryBlocks(memory)[0]?.text).toContain("The peak is 90.0 MiB.");
  });

  it("have their places on the pages", async () => {
    const engineBlocksOfPage = [...engineBlocks(engine), ...holdBlocks(hold), ...coldBlocks(cold)];
    for (const [page, blocks] of [
      ["docs/internals/engine.md", engineBlocksOfPage],
      ["docs/internals/memory.md", memoryBlocks(memory)],
      ["README.md", replayBlocks(replay)],
    ] as const) {
      const text = blocks.reduce(replaceBlock, await readFile(page, "utf8"));
      for (const block of blocks) expect(text).toContain(`${startOf(block.name)}\n\n${block.text}\n\n<!-- end -->`);
      expect(text.match(/<!-- end -->/g)).toHaveLength(blocks.length);
    }
  });

  it("are not written of another model", () => {
    expect(holdSchema.safeParse({ ...hold, model: "mail-tagger@1" }).success).toBe(false);
  });

  it("need their place exactly once", () => {
    const block = { name: "waits", text: "new" };
    expect(() => replaceBlock("no place", block)).toThrow(`needs the line ${startOf("waits")} exactly once`);
    expect(() => replaceBlock(startOf("waits"), block)).toThrow("<!-- end -->");
  });
});
