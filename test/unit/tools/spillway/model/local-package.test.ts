/** A package that is not complete: the error states what is wrong, what was found, and the next step. */
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLocalPackage } from "../../../../../tools/spillway/model/local-package.ts";
import { writeTinyPackage } from "../../../../support/model-package.ts";

const NEXT_STEP =
  "pack the model again with spillway model pack, or restore the folder with git if it is part of the checkout.";

let scratch: string;
let folder: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-local-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(scratch, "package-"));
  await writeTinyPackage(folder);
});

describe("a package that is not complete is refused in one sentence with the file, what was found and the next step:", () => {
  it.each<[string, () => Promise<void>, RegExp]>([
    [
      "a file of the same size with other bytes",
      async () => {
        const bytes = await readFile(join(folder, "edge.ort"));
        await writeFile(join(folder, "edge.ort"), bytes.fill(0));
      },
      /edge\.ort is not the file that was packed \(SHA-256 [0-9a-f]{12}…, but the manifest lists [0-9a-f]{12}…\): /,
    ],
    [
      "a longer file",
      () => appendFile(join(folder, "edge.ort"), "x"),
      /edge\.ort is not the file that was packed \(22 bytes, but the manifest lists 21\): /,
    ],
    ["a missing file", () => rm(join(folder, "model.onnx")), /model\.onnx is missing: /],
    ["no manifest", () => rm(join(folder, "manifest.json")), /manifest\.json is missing: /],
    [
      "a manifest that is not JSON",
      () => writeFile(join(folder, "manifest.json"), "{"),
      /manifest\.json is not a model manifest \(it is not JSON\): /,
    ],
    [
      "another tool's manifest",
      () => writeFile(join(folder, "manifest.json"), '{"format": "theirs"}'),
      /manifest\.json is not a model manifest \(format: .*"spillway-model\/1".*\): /,
    ],
    ["no folder at all", () => rm(folder, { recursive: true }), /manifest\.json is missing: /],
  ])("%s", async (_, breakIt, wrong) => {
    await breakIt();
    const error = String(await openLocalPackage(folder).catch((thrown: unknown) => thrown));
    expect(error).toMatch(wrong);
    expect(error.startsWith(`Error: ${folder}/`) && error.endsWith(`: ${NEXT_STEP}`)).toBe(true);
    expect(error.split("\n")).toHaveLength(1);
  });
});

describe("what git changed is named as the cause:", () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 9\n`;

  it.each(["manifest.json", "model.onnx", "tokenizer.json"])("%s is a Git LFS pointer", async (file) => {
    await writeFile(join(folder, file), pointer);
    await expect(openLocalPackage(folder)).rejects.toThrow(
      `${join(folder, file)} is a Git LFS pointer, not the file itself; fetch it first: git lfs pull`,
    );
  });

  it("a text has CRLF line ends", async () => {
    const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
    const text = "{\n}\n";
    const sized = manifest.files.map((file: { name: string }) =>
      file.name === "tokenizer.json" ? { ...file, sizeBytes: text.length } : file,
    );
    await writeFile(join(folder, "manifest.json"), JSON.stringify({ ...manifest, files: sized }));
    await writeFile(join(folder, "tokenizer.json"), text.replaceAll("\n", "\r\n"));
    await expect(openLocalPackage(folder)).rejects.toThrow(
      /tokenizer\.json has CRLF line ends, which git writes with core\.autocrlf, and was packed with LF: add /,
    );
  });
});

it("a file that cannot be read is not called missing", async () => {
  await rm(join(folder, "model.onnx"));
  await mkdir(join(folder, "model.onnx"));
  await expect(openLocalPackage(folder)).rejects.toThrow(/EISDIR/);
});
