import { describe, expect, it } from "vitest";
import { peersPage } from "../../../../tools/bench/peers/page.ts";
import { type MeasuredPeer, peersResult, resultSchema } from "../../../../tools/bench/peers/report.ts";
import { causeIn } from "../../../../tools/bench/peers/transformers.ts";

const MIB = 2 ** 20;

function peer(name: MeasuredPeer["name"], factor: number, labels: readonly number[]): MeasuredPeer {
  const texts = labels.map((label, index) => ({ runMs: (index + 1) * factor, logits: label === 0 ? [2, 1] : [1, 2] }));
  return { name, texts, loadMs: 400.4, memoryBytes: 190 * MIB, longTextProblem: "it has 600 tokens" };
}

const labels = [0, 1, 0, 1];
const measured = [peer("engine", 10, labels), peer("stock", 30, [0, 1, 1, 1]), peer("nativeFp32", 12, labels)];
const attempts = [{ how: "imported as documented", problem: "CompileError: refused `by embedder`" }];
const inWorker = { uploadGzipBytes: 7_300_000, attempts };

describe("the result of the bench peers", () => {
  const { peers, transformersInWorker } = peersResult(measured, inWorker);

  it("has percentiles of the same texts, and the engine's P95 over each", () => {
    expect(peers.map(({ name, p50Ms, p95Ms, engineOverPeer }) => [name, p50Ms, p95Ms, engineOverPeer])).toEqual([
      ["engine", 20, 40, 1],
      ["stock", 60, 120, 0.33],
      ["nativeFp32", 24, 48, 0.83],
    ]);
  });

  it("counts the texts that get the label of FP32", () => {
    expect(peers.map(({ sameLabel }) => sameLabel)).toEqual([4, 3, 4]);
    expect(transformersInWorker).toEqual({ uploadGzipMb: 7.3, attempts });
  });

  it("needs the engine and FP32", () => {
    expect(() => peersResult([peer("engine", 1, labels)], null)).toThrow("nativeFp32 was not measured");
  });
});

describe("why a Worker did not start", () => {
  it("is the sentence of workerd's log, without colors", () => {
    const log =
      "It ended.\n\u001b[31m✘ service x: Uncaught Error: Disallowed operation called within global scope. More.";
    expect(causeIn(log)).toBe("Error: Disallowed operation called within global scope.");
    expect(causeIn("no\nmore")).toBe("no");
  });
});

describe("the page of peers", () => {
  const machine = { cpus: 2, cpu: "AMD EPYC", node: "v24.21.0", loadAtStart: 0.1 };
  const run = { bench: "peers", startedAt: "2026-11-26T11:00:00.000Z", commit: "abcdef123456" };
  const facts = { ...run, machine, model: "distilbert@abc", texts: 4 };
  const json = { ...facts, seed: 1, transformersVersion: "4.3.1", ...peersResult(measured, inWorker) };
  const page = peersPage(resultSchema.parse(json));

  it("has every figure of the JSON, its date, machine and commit", () => {
    for (const text of ["2026-11-26", "abcdef123456", "AMD EPYC", "distilbert@abc", "7.3 MB gzipped"])
      expect(page).toContain(text);
    expect(page).toMatch(
      /onnxruntime-web in a Worker +\| 60 ms +\| 120 ms +\| 120 ms +\| 0.33 +\| 400 ms +\| 190 MiB +\| 3 of 4/,
    );
  });

  it("states what each peer cannot do, and what was measured of it", () => {
    expect(page).toContain("Yield while it runs");
    expect(page).toContain("Measured: its heap has 190 MiB, more than an isolate may have.");
    expect(page).toContain("Measured: a text of 600 tokens fails.");
    expect(page).toContain(
      "- Imported as documented, it does not load in workerd: `CompileError: refused 'by embedder'`",
    );
  });

  it("is not written of another bench's JSON", () => {
    expect(resultSchema.safeParse({ ...json, bench: "engine" }).success).toBe(false);
  });
});
