/** Reading and writing keep every byte, and reject a file that is not ONNX. */
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import protobuf from "protobufjs/light.js";
import { describe, expect, it } from "vitest";
import { decodeModel, encodeModel } from "../../../../../../tools/spillway/model/graph/codec.ts";
import { compareLogits } from "../../../../../../tools/spillway/model/graph/compare-logits.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { modelType } from "../../../../../../tools/spillway/model/graph/schema.ts";
import { int64, toNumber } from "../../../../../../tools/spillway/model/graph/tensors.ts";
import { textInputsOf } from "../../../../../../tools/spillway/model/graph/text-inputs.ts";
import { scratchFolder, vector } from "./scratch.ts";

const scratch = scratchFolder();
const inline = (await readdir(vector("."))).filter((name) => name.endsWith(".onnx") && !name.includes("external"));
const plain = vector("distilbert-17-eager-script.onnx");
const external = vector("distilbert-17-external.onnx");

it("a Git LFS pointer in place of a model is recognized", () => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 268435456\n";
  expect(() => decodeModel(Buffer.from(pointer), "model.onnx")).toThrow(
    "model.onnx is a Git LFS pointer, not the file itself; fetch it first: git lfs pull",
  );
});

describe("a model that is read and written", () => {
  it.each(inline)("%s is the same file, byte for byte", async (name) => {
    const before = await readFile(vector(name));
    const after = encodeModel(decodeModel(before, name));
    expect(Buffer.compare(before, after)).toBe(0);
  });

  it("keeps every field that the reference package writes", async () => {
    const bytes = await readFile(vector("every-field.bin"));
    expect(Buffer.compare(bytes, encodeModel(decodeModel(bytes, "every-field.bin")))).toBe(0);
  });

  it("keeps every field of the schema, in every message", () => {
    const everything = filled(modelType, 0);
    const bytes = modelType.encode(everything).finish();
    expect(encodeModel(decodeModel(bytes, "all.onnx"))).toEqual(bytes);
    // Every message type of the schema occurred.
    expect(seenTypes.size).toBe(modelType.parent instanceof protobuf.Root ? modelType.parent.nestedArray.length : -1);
  });

  it("with external weights has all of them inline, and the same logits", async () => {
    const model = await readModel(external);
    expect(model.graph.initializer.filter((tensor) => tensor.dataLocation === 1)).toEqual([]);
    const out = join(scratch, "inline.onnx");
    await writeModel(model, out);
    expect(await compareLogits(plain, out, textInputsOf(model.graph))).toMatchObject({ largestGap: 0 });
    expect((await readdir(scratch)).filter((name) => name.includes(".part"))).toEqual([]);
  });

  it("leaves no file when it cannot be written", async () => {
    const model = await readModel(plain);
    await expect(writeModel(model, join(scratch, "no-such-folder", "model.onnx"))).rejects.toThrow();
  });
});

describe("a file that is not a model", () => {
  it.each([
    ["text", async () => Buffer.from("this is not a model")],
    ["nothing", async () => Buffer.alloc(0)],
    ["zeros", async () => Buffer.alloc(100)],
    ["the first half of a model", async () => (await readFile(plain)).subarray(0, 35_000)],
    ["all but the last byte", async () => (await readFile(plain)).subarray(0, -1)],
    [
      "a field that ONNX does not define",
      async () => Buffer.concat([await readFile(plain), Buffer.from([0xf8, 0x01, 1])]),
    ],
    ["a graph without operator sets", async () => Buffer.from([0x3a, 0])],
  ])("%s is rejected in one sentence", async (_, make) => {
    const path = join(scratch, "bad.onnx");
    await writeFile(path, await make());
    await expect(readModel(path)).rejects.toThrow(/^bad\.onnx is not an ONNX file: [^\n]+\.$/);
  });

  it("is rejected wherever it is cut off", async () => {
    const whole = await readFile(plain);
    for (let end = 1; end < whole.length - 20; end += 997) {
      expect(() => decodeModel(whole.subarray(0, end), "cut.onnx"), `at ${end}`).toThrow(
        "cut.onnx is not an ONNX file",
      );
    }
  });

  it("that is missing is an error with its name", async () => {
    await expect(readModel(join(scratch, "none.onnx"))).rejects.toThrow(/none\.onnx is missing/);
  });
});

describe("external weights", () => {
  const data = "distilbert-17-external.onnx_data";
  async function folderWith(name: string, location: string): Promise<string> {
    const folder = join(scratch, name);
    await mkdir(folder, { recursive: true });
    const model = decodeModel(await readFile(external), "model");
    const initializer = model.graph.initializer.map((tensor) => ({
      ...tensor,
      externalData: tensor.externalData.map((entry) =>
        entry.key === "location" ? { ...entry, value: location } : entry,
      ),
    }));
    await writeModel({ ...model, graph: { ...model.graph, initializer } }, join(folder, "model.onnx"));
    return folder;
  }

  it("are read from the file that the model names", async () => {
    const folder = await folderWith("renamed", "weights.bin");
    await copyFile(vector(data), join(folder, "weights.bin"));
    expect((await readModel(join(folder, "model.onnx"))).graph.initializer.length).toBeGreaterThan(10);
  });

  it.each(["../weights.bin", "/etc/hostname", "a/../../weights.bin", "../none.bin", ""])(
    "at %j are not read",
    async (location) => {
      const folder = await folderWith("escaping", location);
      await copyFile(vector(data), join(scratch, "weights.bin"));
      await expect(readModel(join(folder, "model.onnx"))).rejects.toThrow(
        /outside of its folder; only files in the model's folder/,
      );
    },
  );

  it("behind a link that leads out of the folder are not read", async () => {
    const folder = await folderWith("linked", "link.bin");
    await copyFile(vector(data), join(scratch, "weights.bin"));
    await symlink(join(scratch, "weights.bin"), join(folder, "link.bin"));
    await expect(readModel(join(folder, "model.onnx"))).rejects.toThrow(/outside of its folder/);
  });

  it("are read from a download cache, whose folder has links to both files", async () => {
    const blobs = await folderWith("blobs", "model.onnx_data");
    await copyFile(vector(data), join(blobs, "data-blob"));
    await mkdir(join(scratch, "snapshot"));
    await symlink(join(blobs, "model.onnx"), join(scratch, "snapshot", "model.onnx"));
    await symlink(join(blobs, "data-blob"), join(scratch, "snapshot", "model.onnx_data"));
    expect((await readModel(join(scratch, "snapshot", "model.onnx"))).graph.node.length).toBeGreaterThan(10);
  });

  it("that are missing or cut off are an error with the file name", async () => {
    const folder = await folderWith("missing", "weights.bin");
    await expect(readModel(join(folder, "model.onnx"))).rejects.toThrow(
      "weights.bin, which holds weights of model.onnx, is missing",
    );
    await writeFile(join(folder, "weights.bin"), Buffer.alloc(100));
    await expect(readModel(join(folder, "model.onnx"))).rejects.toThrow("is cut off");
  });
});

describe("64-bit numbers", () => {
  it.each([0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 40 + 7, -(2 ** 40) - 7, Number.MAX_SAFE_INTEGER])(
    "%d is unchanged",
    (value) => {
      expect(toNumber(int64(value))).toBe(value);
    },
  );

  it("rejects numbers that cannot be represented", () => {
    expect(() => int64(2 ** 53)).toThrow(RangeError);
    expect(() => int64(0.5)).toThrow(RangeError);
  });
});

const seenTypes = new Set<string>();

/** A message with every field set, a few levels deep, so that each type of the schema occurs. */
function filled(type: protobuf.Type, depth: number): Record<string, unknown> {
  seenTypes.add(type.name);
  const entries = type.fieldsArray.flatMap((field) => {
    const inner = field.resolve().resolvedType;
    if (inner instanceof protobuf.Type && depth > 6) return [];
    const value = inner instanceof protobuf.Type ? filled(inner, depth + 1) : sample(field.type, field.id);
    return [[field.name, field.repeated ? [value, value] : value] as const];
  });
  return Object.fromEntries(entries);
}

function sample(type: string, id: number): unknown {
  if (type === "bytes") return Buffer.from([id, 0, 255]);
  if (type === "string") return `text ${id} äß`;
  if (type === "float" || type === "double") return id + 0.5;
  return type === "int64" || type === "uint64" ? { low: id, high: 5, unsigned: type === "uint64" } : -id;
}
