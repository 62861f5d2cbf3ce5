/** `spillway model evaluate` as users run it, on a small package through both serving runtimes. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Manifest } from "../../../../../../formats/model-package/manifest.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { registerEvaluate } from "../../../../../../tools/spillway/model/evaluate/command.ts";
import type { Evaluation } from "../../../../../../tools/spillway/model/evaluate/evaluate.ts";
import { type BothRuntimes, openBothRuntimes } from "../../../../../../tools/spillway/model/evaluate/runtimes.ts";
import { openLocalPackage } from "../../../../../../tools/spillway/model/local-package.ts";
import { quickPack } from "../pack/scratch.ts";

let scratch: string;
let runtimes: BothRuntimes;
const shape = { layers: 1, dim: 32, heads: 2, hidden: 64, vocabulary: 200, labels: ["ham", "spam"], quantized: false };
const at = (name: string) => join(scratch, name);
const texts = Array.from({ length: 24 }, (_, index) => `${"abcdefgh"[index % 8]} is ${index}, or not`);
const long = "a b c d e f g h ".repeat(40);

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-evaluate-"));
  await writeDistilbertFolder(at("model"), shape);
  await quickPack({ folder: at("model"), out: at("tiny"), maxTokens: 32 });
  await quickPack({ folder: at("model"), out: at("origin-only"), originOnly: true });
  await writeDistilbertFolder(at("int8"), { ...shape, quantized: true });
  await quickPack({ folder: at("int8"), out: at("onnx"), maxTokens: 32, engine: "onnxruntime-web" });
  runtimes = await openBothRuntimes(at("tiny"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let printed: string[];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

async function run(...words: string[]): Promise<string> {
  const model = new Command("model").exitOverride().configureOutput({ writeErr: () => {} });
  registerEvaluate(model);
  model.commands[0]?.exitOverride().configureOutput({ writeErr: () => {} });
  await model.parseAsync(["evaluate", ...words], { from: "user" });
  return printed.join("\n");
}

/** Data for which the model of `side` is always correct. */
async function dataOf(side: "edge" | "origin"): Promise<string> {
  const lines = [];
  for (const text of [...texts, long]) {
    const { label } = await runtimes[side](text, runtimes.edgeTokens);
    lines.push(`${JSON.stringify({ text, label, split: text === long ? "long" : "short" })}\n`);
  }
  await writeFile(at(`${side}.jsonl`), lines.join(""));
  return at(`${side}.jsonl`);
}

/** Gives a package the FP32 model of another one. */
async function useOrigin(folder: string, from: string): Promise<void> {
  const read = async (path: string): Promise<Manifest> =>
    JSON.parse(await readFile(join(path, "manifest.json"), "utf8"));
  const [manifest, other] = [await read(folder), await read(from)];
  const files = manifest.files.map((file) =>
    file.name === "origin.onnx" ? other.files.find(({ name }) => name === file.name) : file,
  );
  await cp(join(from, "origin.onnx"), join(folder, "origin.onnx"));
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ ...manifest, files }));
}

describe("spillway model evaluate", () => {
  it("reports accuracy, F1, confusion and agreement of both models", async () => {
    const output = await run(at("tiny"), "--data", await dataOf("origin"), "--max-drop", "100");
    expect(output).toContain("on 25 texts of origin.jsonl");
    expect(output).toMatch(/FP32 origin, first 32 tokens +100\.00 % +(1\.0000|0\.5000)/);
    expect(output).toMatch(/INT8 against FP32: -?\d+\.\d\d points lost, same label \d+\.\d\d %/);
    expect(output).toMatch(/truth ↓ predicted →\n +ham +spam\n +ham +\d+ +\d+\n +spam +\d+ +\d+/);
  });

  it("prints JSON for the selected lines", async () => {
    const words = ["--data", await dataOf("edge"), "--where", "split=short", "--limit", "6", "--json"];
    const evaluation: Evaluation = JSON.parse(await run(at("tiny"), ...words));
    expect(evaluation).toMatchObject({
      model: runtimes.modelId,
      edgeTokens: 32,
      edge: { texts: 6, accuracyPercent: 100 },
    });
    // INT8 was always correct, so it lost nothing.
    expect(evaluation.lossPoints).toBeLessThanOrEqual(0);
  });

  it("fails when INT8 loses more than allowed", async () => {
    // The INT8 weights of another model, whose labels are the others. The packer refuses them.
    await writeDistilbertFolder(at("other"), { ...shape, seed: 3 });
    await quickPack({ folder: at("other"), out: at("worse"), maxTokens: 32 });
    await useOrigin(at("worse"), at("tiny"));
    const path = await dataOf("origin");
    await expect(run(at("worse"), "--data", path)).rejects.toThrow(
      /^INT8 loses \d+\.\d\d points of accuracy against FP32; at most 0\.4 are allowed \(--max-drop\)/,
    );
    await run(at("worse"), "--data", path, "--max-drop", "100");
  });

  it.each([
    ["onnxruntime-web", "onnx"],
    ["spillway-engine", "tiny"],
  ])("runs the edge's model with %s, by its manifest", async (engine, name) => {
    expect((await openLocalPackage(at(name))).manifest.edge?.engine).toBe(engine);
    const opened = await openBothRuntimes(at(name));
    const [first = ""] = texts;
    const [edge, origin] = [await opened.edge(first, 32), await opened.origin(first, 32)];
    expect(edge.scores["ham"]).toBeCloseTo(origin.scores["ham"] ?? 0, 1);
    expect(edge.scores["ham"]).not.toBe(origin.scores["ham"]);
  });

  it("evaluates a package for the origin only, on whole texts, and compares nothing", async () => {
    const path = await dataOf("origin");
    const output = await run(at("origin-only"), "--data", path, "--where", "split=short");
    expect(output).toMatch(/FP32 origin, whole texts +100\.00 %/);
    expect(output).toContain("packed for the origin only: there is no INT8 model to compare");
    expect(output).not.toContain("INT8 edge");
    printed = [];
    const evaluation: Evaluation = JSON.parse(await run(at("origin-only"), "--data", path, "--json"));
    expect(evaluation).toMatchObject({ edge: null, lossPoints: null, asServed: { texts: 25 } });
    await expect(openBothRuntimes(at("origin-only"))).rejects.toThrow(/packed for the origin only/);
  });

  it("reports micro and macro F1 of a multi-label model at the threshold", async () => {
    await writeDistilbertFolder(at("multi"), { ...shape, problemType: "multi_label_classification" });
    await quickPack({ folder: at("multi"), out: at("multi-package"), originOnly: true });
    const line = (text: string) => `${JSON.stringify({ text, labels: ["ham"] })}\n`;
    await writeFile(at("multi.jsonl"), `\ufeff${texts.slice(0, 4).map(line).join("").replaceAll("\n", "\r\n")}`);
    const output = await run(at("multi-package"), "--data", at("multi.jsonl"), "--threshold", "0");
    // Every label is predicted: precision 1/2, recall 1. Only ham occurs, and its own F1 is 1.
    expect(output).toMatch(/accuracy +macro F1 +micro F1\n.*whole texts +0\.00 % +1\.0000 +0\.6667/);
    expect(output).toContain("predicted from a score of 0 on; macro F1 is of the 1 labels that the texts have");
  });

  it("evaluates pairs as one text each, and leaves out those that callers get 413 for", async () => {
    const [text = "", textPair = ""] = texts;
    const pairOf = (second: string) => ({ text, textPair: second });
    const { label } = await runtimes.edge(pairOf(textPair), 32);
    // One fits the edge, one only the origin's window of 512 tokens, one neither.
    const line = (second: string) => `${JSON.stringify({ text, text_pair: second, label })}\n`;
    await writeFile(at("pairs.jsonl"), [textPair, long, long.repeat(4)].map(line).join(""));
    const words = [at("tiny"), "--data", at("pairs.jsonl"), "--max-drop", "100"];
    const evaluation: Evaluation = JSON.parse(await run(...words, "--json"));
    expect(evaluation).toMatchObject({
      refusedPairs: 1,
      edge: { texts: 1, accuracyPercent: 100 },
      originWhole: { texts: 2 },
      asServed: { texts: 2 },
    });
    printed = [];
    expect(await run(...words)).toContain("left out: 1 pairs that are too long for the model");
    const [one, exchanged] = await Promise.all([
      runtimes.origin(pairOf(textPair), 32),
      runtimes.origin({ text: textPair, textPair: text }, 32),
    ]);
    expect(one.scores).not.toEqual(exchanged.scores);
    await writeFile(at("pairs.jsonl"), line(long.repeat(4)));
    await expect(run(...words)).rejects.toThrow(/Every pair has more than 512 tokens/);
    await writeFile(at("pairs.jsonl"), line(long));
    printed = [];
    expect(await run(...words)).toContain("no pair has at most 32 tokens: nothing to compare");
  });

  it("refuses a threshold for a single-label model", async () => {
    await expect(run(at("tiny"), "--data", "x", "--threshold", "0.3")).rejects.toThrow(
      /--threshold is for multi-label models; .* is a single-label model/,
    );
  });

  it.each(["edge.weights", "origin.onnx"])(
    "refuses a package with a flipped byte in %s, with the next step",
    async (file) => {
      const bent = await mkdtemp(at("bent-"));
      await cp(at("tiny"), bent, { recursive: true });
      const bytes = await readFile(join(bent, file));
      bytes[1000] = (bytes[1000] ?? 0) ^ 1;
      await writeFile(join(bent, file), bytes);
      const error = await run(bent, "--data", await dataOf("edge")).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(
        new RegExp(
          `^Error: ${join(bent, file)} is not the file that was packed \\(SHA-256 .*\\): pack the model again with .*\\.$`,
        ),
      );
      // Every caller of the runtimes is protected, not only the command.
      await expect(openBothRuntimes(bent)).rejects.toThrow(`${file} is not the file that was packed`);
    },
  );

  it.each([
    ["--where", "split"],
    ["--limit", "0"],
    ["--max-drop", "much"],
    ["--max-drop", "-1"],
    ["--threshold", "1.5"],
    ["--threshold", ""],
  ])("refuses %s %s", async (option, value) => {
    await expect(run(at("tiny"), "--data", "x", option, value)).rejects.toThrow(/It must be/);
  });
});
