/** A folder with more than six files starts with a README of at most 15 lines. docs/README.md is the index of all pages in docs/. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAX_FILES_WITHOUT_README = 6;
const MAX_README_LINES = 15;
/** Guides: for people who train, and for people who use the engine elsewhere. */
const GUIDES = ["models/mail-tagger-recipe", "engine"];

/** Every folder with the number of committed files in it, READMEs not counted. */
function filesPerFolder(): Map<string, number> {
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT }).toString("utf8").split("\0").filter(Boolean);
  const files = listed.filter((path) => !path.endsWith("README.md") && existsSync(join(ROOT, path)));
  const folders = Map.groupBy(files, dirname);
  return new Map([...folders].map(([folder, inside]) => [folder, inside.length]));
}

const large = [...filesPerFolder()]
  .filter(([folder, files]) => files > MAX_FILES_WITHOUT_README && folder !== "." && !folder.startsWith("docs/"))
  .map(([folder]) => folder)
  .filter((folder) => !GUIDES.includes(folder));

it("every folder with more than six files has a README", () => {
  expect(large.length).toBeGreaterThan(20);
  expect(large.filter((folder) => !existsSync(join(ROOT, folder, "README.md")))).toEqual([]);
});

it("a README of a folder has at most 15 lines", () => {
  const lines = (folder: string) =>
    readFileSync(join(ROOT, folder, "README.md"), "utf8")
      .trimEnd()
      .split("\n").length;
  const present = large.filter((folder) => existsSync(join(ROOT, folder, "README.md")));
  expect(present.filter((folder) => lines(folder) > MAX_README_LINES)).toEqual([]);
});
