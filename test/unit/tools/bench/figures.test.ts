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
import { costPartsOf, planBlocks, problemOf } from "../../../../tools/bench/plan/report.ts";

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

const row = {
  ...{ predicted: 57.04, measured: 56.8, difference: 0.0042, allowed: 0.1 },
  ...{ first: 55, firstInterval: { low: 50, high: 61 }, p50Change: 0.01 },
};
const plan = {
  ...{ ...measured, bench: "plan" as const, texts: 6000, seconds: 600 },
  rows: [
    { ...row, name: "inside" as const },
    { ...row, name: "outside" as const, predicted: 50, measured: 60, difference: -0.1667 },
    { ...row, name: "ineligible" as const, predicted: 50, measured: 90, difference: -0.4444, p50Change: 0.193 },
    {
      ...{ name: "cost" as const, predicted: 2.112, measured: 1.738, difference: 0.2152, allowed: 0.05 },
      ...{ first: 2.1, firstInterval: null, p50Change: null },
    },
  ],
  costParts: [
    { name: "Lambda memory", predicted: 1.02, measured: 1.01, first: 1.03 },
    { name: "ledger", predicted: 0.6, measured: 0.24, first: 0.61 },
  ],
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
    const text = planBlocks(plan)[0]?.text ?? "";
    expect(text).toMatch(
      /\| P95 inside, ms +\| 55 \(50 to 61\) +\| 57\.04 +\| 56\.8 +\| \+0\.4 % +\| 10 % +\| yes +\|/,
    );
    expect(text).toMatch(/\| \$ per million texts +\| 2\.1 +\| 2\.11 +\| 1\.74 +\| \+21\.5 % +\| 5 % +\| NO +\|/);
    expect(text.replaceAll("\n", " ")).toContain(
      "the prediction differs in ledger $0.6 instead of $0.24 (first tenth $0.61).",
    );
  });

  it("have their places on the pages", async () => {
    const engineBlocksOfPage = [...engineBlocks(engine), ...holdBlocks(hold), ...coldBlocks(cold)];
    for (const [page, blocks] of [
      ["docs/internals/engine.md", engineBlocksOfPage],
      ["docs/internals/memory.md", memoryBlocks(memory)],
      ["README.md", replayBlocks(replay)],
      ["docs/guide/plan.md", planBlocks(plan)],
    ] as const) {
      const text = blocks.reduce(replaceBlock, await readFile(page, "utf8"));
      for (const block of blocks) expect(text).toContain(`${startOf(block.name)}\n\n${block.text}\n\n<!-- end -->`);
      expect(text.match(/<!-- end -->/g)).toHaveLength(blocks.length);
    }
  });

  it("are not written of another model", () => {
    expect(holdSchema.safeParse({ ...hold, model: "mail-tagger@1" }).success).toBe(false);
  });

  it("of a prediction that misses name by how much, and each part of the cost per million texts", () => {
    expect(problemOf(plan.rows)).toBe("The prediction misses: outside -16.7 %, ineligible -44.4 %, cost 21.5 %.");
    const text = planBlocks(plan)[0]?.text.replaceAll("\n", " ");
    // The rest's 60 is within the interval of the first tenth, 90 is not, and a cost has none.
    expect(text).toContain(
      "P95 outside, ms: the first tenth had 55 (50 to 61), at 95 % confidence, so what was measured",
    );
    expect(text).toContain(
      "P95 ineligible, ms: the first tenth had 55 (50 to 61); its P50 then changed by 19.3 %, on the same work.",
    );
    expect(text).toContain("$ per million texts: the first tenth had 2.1.");
    expect(problemOf([{ ...row, name: "inside", difference: -0.1 }])).toBeNull();
    const line = (name: string, quantity: number) => ({
      ...{ name, quantity, unit: "", included: 0, usdPerUnit: 2, usd: 0 },
    });
    const month = { listUsd: 40, planUsd: 5, lines: [line("a", 5), line("b", 15)], billUsd: 5 };
    const predicted = { lines: [line("a", 0.5), line("c", 1)] };
    const rest = { month, usdPerMillion: 4 };
    const first = { month: { ...month, lines: [line("a", 20)] }, usdPerMillion: 8 };
    expect(costPartsOf(predicted, 1_000_000, { first, rest })).toEqual([
      { name: "a", predicted: 1, measured: 1, first: 8 },
      { name: "c", predicted: 2, measured: 0, first: 0 },
      { name: "b", predicted: 0, measured: 3, first: 0 },
    ]);
    const none = { month: null, usdPerMillion: 0 };
    expect(costPartsOf(predicted, 1_000_000, { first: none, rest: none })[0]).toMatchObject({ measured: 0, first: 0 });
  });

  it("need their place exactly once", () => {
    const block = { name: "waits", text: "new" };
    expect(() => replaceBlock("no place", block)).toThrow(`needs the line ${startOf("waits")} exactly once`);
    expect(() => replaceBlock(startOf("waits"), block)).toThrow("<!-- end -->");
  });
});
