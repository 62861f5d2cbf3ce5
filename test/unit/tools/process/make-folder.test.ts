import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeFolder } from "../../../../tools/process/make-folder.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-make-folder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("creates a folder with its parents, and accepts one that exists, from several callers at once", async () => {
  const path = join(folder, "a/b/c");
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(folder, "a/b/d"))]);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

it("returns the topmost folder that it created", async () => {
  expect(await makeFolder(join(folder, "x/y/z"))).toBe(join(folder, "x"));
  expect(await makeFolder(join(folder, "x/y/z"))).toBeNull();
});

it("fails with the file system's error at a file", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  await expect(makeFolder(file)).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(file, "below"))).rejects.toMatchObject({ code: "EEXIST" });
});

it.runIf(process.platform === "linux")("ends where the file system has no room for folders, as /proc", async () => {
  await expect(makeFolder("/proc/nope/deeper")).rejects.toMatchObject({ code: "ENOENT" });
});
