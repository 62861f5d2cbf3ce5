/** That a system starts with such a build: test/e2e/start.test.ts. */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildWorker, OPTIONS_FILE } from "../../../../tools/local-worker/build.ts";
import { CHECKOUT_FOLDER } from "../../../../tools/process/checkout.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-build-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As if it was saved a minute ago: a build is kept only if its files are older. */
async function save(name: string, text: string): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, text);
  const then = new Date(Date.now() - 60_000);
  await utimes(file, then, then);
}

it("a build is kept until a file of it changes, also one that the script imports; a failed one leaves the last, and wrangler's reason", async () => {
  await save(
    "wrangler.toml",
    'name = "tiny"\nmain = "index.js"\ncompatibility_date = "2026-11-01"\nvars = { A = "b" }\n',
  );
  await save("index.js", 'import { word } from "./word.js";\nexport default { fetch: () => new Response(word) };\n');
  await save("word.js", 'export const word = "first";\n');
  const builds = join(folder, "builds");
  const build = () => buildWorker({ config: relative(CHECKOUT_FOLDER, join(folder, "wrangler.toml")) }, builds);

  const first = await build();
  expect(await readFile(join(first, "index.js"), "utf8")).toContain('"first"');
  // Nor does wrangler leave its scratch folder beside the configuration.
  expect((await readdir(folder)).toSorted()).toEqual(["builds", "index.js", "word.js", "wrangler.toml"]);
  const options = JSON.parse(await readFile(join(first, OPTIONS_FILE), "utf8"));
  expect(options).toMatchObject({ name: "tiny", compatibilityDate: "2026-11-01", bindings: { A: "b" } });
  await writeFile(join(first, "kept"), "");
  expect(await build()).toBe(first);
  expect(await readdir(first)).toContain("kept");

  await save("word.js", 'export const word = "second";\n');
  const second = await build();
  expect(await readFile(join(second, "index.js"), "utf8")).toContain('"second"');
  expect((await readdir(builds)).map((name) => join(builds, name)).filter((path) => !path.endsWith(".json"))).toEqual([
    second,
  ]);

  await save("word.js", "export const other = 1;\n");
  await expect(build()).rejects.toThrow(/^wrangler could not build the Worker of .*No matching export in "word\.js"/s);
  expect((await readdir(builds)).filter((name) => name.startsWith("unfinished"))).toEqual([]);
  await save("word.js", 'export const word = "second";\n');
  expect(await build()).toBe(second);
});
