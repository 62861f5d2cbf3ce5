import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashSources } from "../../../../tools/bench/system/package.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sources-"));
  await mkdir(join(folder, "inner"));
  await writeFile(join(folder, "a.ts"), "a");
  await writeFile(join(folder, "inner", "b.ts"), "b");
});
afterEach(() => rm(folder, { recursive: true }));

describe("what a generated package was made by", () => {
  it("is the same for the same sources", async () => {
    expect(await hashSources([folder])).toBe(await hashSources([folder]));
  });

  it.each([
    ["an edit in an inner folder", () => writeFile(join(folder, "inner", "b.ts"), "c")],
    ["a new file", () => writeFile(join(folder, "c.ts"), "")],
    ["a new name", () => rename(join(folder, "a.ts"), join(folder, "z.ts"))],
  ])("changes with %s", async (_what, change) => {
    const before = await hashSources([folder]);
    await change();
    expect(await hashSources([folder])).not.toBe(before);
  });
});
