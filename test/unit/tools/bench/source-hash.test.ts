import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashSources, PACKAGE_SOURCES } from "../../../../tools/bench/system/package.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sources-"));
  await mkdir(join(folder, "inner"));
  await writeFile(join(folder, "a.ts"), "a");
  await writeFile(join(folder, "inner", "b.ts"), "b");
});
afterEach(() => rm(folder, { recursive: true }));

describe("the sources of a generated package", () => {
  it("have the same hash if they are unchanged", async () => {
    expect(await hashSources([folder])).toBe(await hashSources([folder]));
  });

  it.each([
    ["an edit in an inner folder", () => writeFile(join(folder, "inner", "b.ts"), "c")],
    ["a new file", () => writeFile(join(folder, "c.ts"), "")],
    ["a new name", () => rename(join(folder, "a.ts"), join(folder, "z.ts"))],
  ])("have another hash after %s", async (_what, change) => {
    const before = await hashSources([folder]);
    await change();
    expect(await hashSources([folder])).not.toBe(before);
  });

  it("exist", async () => {
    await expect(hashSources(PACKAGE_SOURCES)).resolves.toHaveLength(64);
  });
});
