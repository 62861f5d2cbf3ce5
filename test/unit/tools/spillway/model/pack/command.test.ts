/** `spillway model pack` as users run it. */
import { spawnSync } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { manifestSchema } from "../../../../../../formats/model-package/manifest.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { openLocalPackage } from "../../../../../../tools/spillway/model/local-package.ts";
import { registerPack } from "../../../../../../tools/spillway/model/pack/command.ts";
import { findQuantizer } from "../../../../../../tools/spillway/model/pack/int8.ts";
import { type PackTools, packTools } from "../../../../../../tools/spillway/model/pack/pack-tools.ts";
import { quickTools, useScratch } from "./scratch.ts";

const scratch = useScratch();
const COMMAND = fileURLToPath(new URL("fixtures/pack.ts", import.meta.url));

// A pack as a process takes seconds of a core, which may be a minute on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
afterEach(() => vi.restoreAllMocks());

/** A process. */
function packAsUser(...words: string[]) {
  return spawnSync(process.execPath, [COMMAND, "pack", ...words], { encoding: "utf8" });
}

/** The same in this process. @returns what it prints on stderr */
async function pack(tools: PackTools, ...words: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(console, "error").mockImplementation((line) => void printed.push(`${line}\n`));
  vi.spyOn(console, "log").mockImplementation(() => {});
  const program = new Command("spillway");
  registerPack(program, tools);
  await program.parseAsync(["pack", ...words], { from: "user" });
  return printed.join("");
}

describe("spillway model pack", () => {
  it("prints only the model id on stdout, and a summary and the next step on stderr", async () => {
    const out = scratch.path("printed");
    const { stdout, stderr, status } = packAsUser(
      await scratch.model("model", { int8: false }),
      "--out",
      out,
      "--max-tokens",
      "64",
    );
    expect(status).toBe(0);
    expect(stdout).toBe(`${(await openLocalPackage(out)).modelId}\n`);
    for (const part of [
      "printed, version 1: 3 labels",
      "edge.weights",
      "origin.onnx",
      "up to 64",
      "spillway-engine\n",
      "32 tok",
      "64 tok",
    ]) {
      expect(stderr).toContain(part);
    }
    expect(stderr).toMatch(/FP32: \d+ % of the multiplications saved/);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(`Next: npx spillway model sign ${out} --key <private.pem>`);
  });

  it("reports which engine serves and how far both are from FP32", async () => {
    const out = scratch.path("engine");
    const stderr = await pack(quickTools, await scratch.model("model"), "--out", out, "--max-tokens", "32");
    for (const part of [
      /edge\.weights +\d/,
      /edge engine +spillway-engine\n/,
      /lane bound +the fullest 16-bit lane sums to \d+, at most 258 cannot overflow/,
      /edge heap +\d\.\d of 74 MiB/,
      /INT8 to FP32 +spillway-engine: logits differ by [\d.e-]+ on average, [\d.e-]+ at most/,
      / onnxruntime-web: logits differ by [\d.e-]+ on average/,
    ]) {
      expect(stderr).toMatch(part);
    }
  });

  it("reports why onnxruntime-web serves a graph that spillway-engine does not know", async () => {
    const folder = await scratch.model("other-activation");
    const model = await readModel(join(folder, "model.onnx"));
    const node = model.graph.node.map((one) => (one.opType === "Relu" ? { ...one, opType: "Sigmoid" } : one));
    await writeModel({ ...model, graph: { ...model.graph, node } }, join(folder, "model.onnx"));
    const int8 = await readModel(join(folder, "model_quantized.onnx"));
    const int8Node = int8.graph.node.map((one) => (one.opType === "Relu" ? { ...one, opType: "Sigmoid" } : one));
    await writeModel({ ...int8, graph: { ...int8.graph, node: int8Node } }, join(folder, "model_quantized.onnx"));
    const stderr = await pack(packTools, folder, "--out", scratch.path("other-package"), "--max-tokens", "64");
    for (const part of [
      "edge engine   onnxruntime-web, not spillway-engine: The head has an activation other than GELU, ReLU and tanh.",
      "edge.ort",
      "up to 64",
      "16.0 of",
      "32 tok",
      "64 tok",
    ]) {
      expect(stderr).toContain(part);
    }
  });

  it("accepts name, version and origin-only", async () => {
    const out = scratch.path("chosen");
    const words = ["--out", out, "--name", "calm", "--version", "41", "--origin-only"];
    const stderr = await pack(quickTools, await scratch.model("model"), ...words);
    expect(stderr).toContain("none: every text goes to the origin");
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(out, "manifest.json"), "utf8")));
    expect(manifest).toMatchObject({ name: "calm", version: 41, edge: null });
  });

  it("exits with 1 and one sentence on failure", () => {
    const { stdout, stderr, status } = packAsUser("nowhere", "--out", scratch.path("no"));
    expect({ stdout, stderr, status }).toEqual({
      stdout: "",
      stderr: "There is no folder nowhere; pass the folder of a model.\n",
      status: 1,
    });
  });

  it.each([
    ["--version", "0"],
    ["--version", "1.5"],
    ["--max-tokens", "8"],
    ["--max-tokens", "many"],
  ])("refuses %s %s", async (option, value) => {
    const program = new Command("spillway");
    registerPack(program);
    program.commands[0]?.exitOverride().configureOutput({ writeErr: () => {} });
    const words = ["pack", "nowhere", "--out", scratch.path("no"), option, value];
    await expect(program.parseAsync(words, { from: "user" })).rejects.toThrow("It must be a whole number");
  });
});

const hasQuantizer = (await findQuantizer()) !== null;

describe.skipIf(!hasQuantizer)("if Python has onnxruntime", () => {
  it("quantizes a model without an INT8 file", async () => {
    const folder = await scratch.model("to-quantize");
    await rm(join(folder, "model_quantized.onnx"));
    const out = scratch.path("quantized");
    const stderr = await pack(quickTools, folder, "--out", out, "--max-tokens", "16", "--with-fallback");
    expect(stderr).toContain("INT8: quantized from that FP32 graph");
    expect((await openLocalPackage(out)).manifest.edgeFallback).not.toBeNull();
  });
});
