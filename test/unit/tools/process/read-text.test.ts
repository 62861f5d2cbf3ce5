/** A file as people have it is read, or refused with its name, the cause and the next step. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUserJson, readUserText } from "../../../../tools/process/read-text.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-read-text-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(content: string | Buffer): Promise<string> {
  const path = join(folder, crypto.randomUUID());
  await writeFile(path, content);
  return path;
}

describe("readUserText", () => {
  it("leaves out a byte order mark, and keeps line ends", async () => {
    expect(await readUserText(await written("\ufeff{}\r\n"))).toBe("{}\r\n");
    expect(await readUserText(await written(""))).toBe("");
  });

  it.each([
    [
      "a Git LFS pointer",
      "version https://git-lfs.github.com/spec/v1\r\noid sha256:0\r\n",
      "is a Git LFS pointer, not the file itself; fetch it first: git lfs pull",
    ],
    [
      "UTF-16, little end first",
      Buffer.from("\ufeff{}", "utf16le"),
      "is UTF-16, as PowerShell's > writes it; save it as UTF-8.",
    ],
    ["UTF-16, big end first", Buffer.from("\ufeff{}", "utf16le").swap16(), "is UTF-16"],
    ["Latin-1", Buffer.from('{"a": "\u00e9"}', "latin1"), "is not UTF-8; save it as UTF-8."],
  ])("refuses %s by name", async (_, content, problem) => {
    const path = await written(content);
    await expect(readUserText(path)).rejects.toThrow(`${path} ${problem}`);
  });

  it("refuses a folder by name", async () => {
    await expect(readUserText(folder)).rejects.toThrow(`${folder} is a folder; pass a file.`);
  });
});

it("parseUserJson names the file, the place and the next step", () => {
  expect(() => parseUserJson("a.json", '{"a": NaN}', "save it again")).toThrow(
    /^a\.json is not JSON: .*; save it again\.$/,
  );
  expect(() => parseUserJson("a.json", " ", "save it again")).toThrow(
    "a.json is not JSON: it is empty; save it again.",
  );
});
