/** The command as users start it, on the KV of this machine. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { withLocalKv } from "../../../../../tools/spillway/kv/local-kv.ts";
import { spillway } from "../../../../e2e/support/spillway.ts";
import { CHECKOUT } from "../../deploy/filled-in.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-local-kv-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

function spillwayProcess(cwd: string, stateFolder: string, ...words: string[]) {
  const main = join(CHECKOUT, "tools/spillway/main.ts");
  const env = { ...process.env, SPILLWAY_STATE_DIR: stateFolder };
  return promisify(execFile)(process.execPath, [main, ...words], { cwd, env });
}

/** The same in this process, which saves its start. */
async function spillwayIn(cwd: string, stateFolder: string, ...words: string[]): Promise<string> {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    return await spillway({ stateFolder }, ...words);
  } finally {
    process.chdir(before);
  }
}

it("is that of npm start, whatever folder the command runs in", async () => {
  const state = join(scratch, "state");
  await withLocalKv("POLICIES", `${state}/wrangler`, (kv) => kv.put("policy", '{"edge": {"share": 7}}'));
  const { stdout } = await spillwayProcess(scratch, relative(CHECKOUT, state), "policy", "get", "edge.share");
  expect(stdout).toBe("7\n");
  const explained = await spillwayIn(scratch, state, "explain", "--text", "see you at lunch");
  expect(explained).toMatch(/^policy +version 0, stored on this machine\n(?:.*\n)*.*share 7 %/);
  // A command that looked for a store beside it would make one.
  expect(await readdir(scratch)).toEqual(["state"]);
});

it("is never that of another folder: wrangler runs in the checkout, with its configuration", async () => {
  const elsewhere = await mkdtemp(join(scratch, "elsewhere-"));
  // No account is needed: what counts is that wrangler finds wrangler.toml, and leaves nothing.
  const words = ["policy", "get", "--remote", "--env", "no-such-environment"];
  await expect(spillwayIn(elsewhere, join(scratch, "state"), ...words)).rejects.toThrow(/available .*staging/);
  expect(await readdir(elsewhere)).toEqual([]);
});

it("ends the command with one sentence when it cannot be opened", async () => {
  const file = join(scratch, "file");
  await writeFile(file, "");
  await expect(spillwayProcess(CHECKOUT, file, "policy", "get")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Expected a folder, found a file: .*\n$/),
  });
});
