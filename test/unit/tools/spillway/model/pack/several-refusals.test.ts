/** Everything that is wrong with a folder is reported at once, and each file by name. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeModel, encodeModel } from "../../../../../../tools/spillway/model/graph/codec.ts";
import { int64 } from "../../../../../../tools/spillway/model/graph/tensors.ts";
import type { PackOptions } from "../../../../../../tools/spillway/model/pack/pack.ts";
import { quickPack, useScratch } from "./scratch.ts";

const scratch = useScratch();
const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 1234\n`;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

async function refusalOf(folder: string, options: Partial<PackOptions> = {}): Promise<string> {
  return await quickPack({ folder, out: scratch.path("refused"), maxTokens: 16, ...options }).then(
    () => "packed",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

async function changeConfig(folder: string, change: Record<string, unknown>): Promise<void> {
  const path = join(folder, "config.json");
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), ...change }));
}

async function oldOpset(folder: string): Promise<void> {
  const path = join(folder, "model.onnx");
  const model = decodeModel(await readFile(path), path);
  await writeFile(path, encodeModel({ ...model, opsetImport: [{ domain: "", version: int64(9) }] }));
}

describe("several reasons are reported at once", () => {
  it("all missing files of an empty folder", async () => {
    const folder = await scratch.model("empty");
    for (const file of ["config.json", "tokenizer.json", "model.onnx"]) await rm(join(folder, file));
    const message = await refusalOf(folder);
    expect(message.split("\n")).toEqual([
      "The model cannot be packed, for 3 reasons:",
      expect.stringMatching(/^ {2}- .*config\.json is missing; /),
      expect.stringMatching(/^ {2}- .* has neither model\.onnx nor onnx\/model\.onnx; /),
      expect.stringMatching(/^ {2}- .*tokenizer\.json is missing; /),
    ]);
  });

  it("of the command line, the configuration, the tokenizer and the graph", async () => {
    const folder = await scratch.model("all");
    await changeConfig(folder, { problem_type: "regression" });
    await writeFile(join(folder, "tokenizer.json"), "{}");
    await oldOpset(folder);
    const message = await refusalOf(folder, { name: "Upper", quantized: "nowhere.onnx", originOnly: true });
    for (const part of [
      "for 6 reasons",
      '"Upper" is not a valid model name',
      "--quantized is for the edge",
      "is for a regression model",
      "uses opset 9",
      "There is no file nowhere.onnx",
      "is not a fast tokenizer",
    ]) {
      expect(message).toContain(part);
    }
  });

  it("of a tokenizer and of runs of the graph", async () => {
    const folder = await scratch.model("runs");
    await writeFile(join(folder, "tokenizer.json"), "{}");
    await changeConfig(folder, { id2label: { 0: "a", 1: "b" } });
    const message = await refusalOf(folder);
    expect(message).toMatch(/for 2 reasons:\n.*is not a fast tokenizer.*\n.*has 2 labels, but .* returns 3 logits/);
  });
});

describe("files as people have them", () => {
  it("may begin with a byte order mark and have CRLF line ends: the package is the same", async () => {
    const plain = await quickPack({
      folder: await scratch.model("plain"),
      out: scratch.path("a/same"),
      originOnly: true,
    });
    const folder = await scratch.model("marked");
    for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
      const text = await readFile(join(folder, file));
      await writeFile(join(folder, file), Buffer.concat([MARK, text]));
    }
    await writeFile(
      join(folder, "config.json"),
      (await readFile(join(folder, "config.json"), "utf8")).replaceAll("\n", "\r\n"),
    );
    const { modelId } = await quickPack({ folder, out: scratch.path("b/same"), originOnly: true });
    expect(modelId).toBe(plain.modelId);
  });

  it.each(["config.json", "tokenizer.json", "tokenizer_config.json", "model.onnx"])(
    "%s as a Git LFS pointer is refused by name",
    async (file) => {
      const folder = await scratch.model(`pointer-${file}`);
      await writeFile(join(folder, file), LFS_POINTER);
      expect(await refusalOf(folder)).toMatch(
        new RegExp(`${file} is a Git LFS pointer, not the file itself; fetch it first: git lfs pull`),
      );
    },
  );

  it("external weights as a Git LFS pointer are refused by name", async () => {
    const folder = await scratch.model("pointer-data");
    const path = join(folder, "model.onnx");
    const model = decodeModel(await readFile(path), path);
    const initializer = model.graph.initializer.map((tensor) => {
      const { rawData, ...rest } = tensor;
      if (rawData === undefined || rawData.byteLength < 64) return tensor;
      return { ...rest, externalData: [{ key: "location", value: "model.onnx_data" }], dataLocation: 1 };
    });
    await writeFile(path, encodeModel({ ...model, graph: { ...model.graph, initializer } }));
    await writeFile(join(folder, "model.onnx_data"), LFS_POINTER);
    expect(await refusalOf(folder)).toMatch(/^model\.onnx_data is a Git LFS pointer/);
  });

  it("an INT8 file as a Git LFS pointer is refused where an engine needs it", async () => {
    const folder = await scratch.model("pointer-int8");
    await writeFile(join(folder, "model_quantized.onnx"), LFS_POINTER);
    expect(await refusalOf(folder, { engine: "onnxruntime-web" })).toMatch(
      /model_quantized\.onnx is a Git LFS pointer/,
    );
  });

  it("UTF-16, as PowerShell writes it, is refused by name", async () => {
    const folder = await scratch.model("utf-16");
    const text = await readFile(join(folder, "config.json"), "utf8");
    await writeFile(join(folder, "config.json"), Buffer.from(`\ufeff${text}`, "utf16le"));
    expect(await refusalOf(folder)).toMatch(/config\.json is UTF-16, as PowerShell's > writes it; save it as UTF-8\.$/);
  });

  it("a folder in place of a file is missing", async () => {
    const folder = await scratch.model("folder-as-file");
    await rename(join(folder, "config.json"), join(folder, "other.json"));
    expect(await refusalOf(folder)).toMatch(/config\.json is missing/);
  });
});
