/** A backup is only what has been restored: printed by `spillway backup`, lost, and put back by wrangler as docs/internals/state.md says. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { binOf, offlineWrangler } from "../../../../../tools/process/run-wrangler.ts";
import { CHECKOUT } from "../../deploy/filled-in.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-backup-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** `stateFolder` is one machine's. */
async function run(stateFolder: string, script: string, ...words: string[]): Promise<string> {
  const env = { ...process.env, ...offlineWrangler, SPILLWAY_STATE_DIR: stateFolder };
  return (await promisify(execFile)(process.execPath, [script, ...words], { cwd: CHECKOUT, env })).stdout;
}

it("keys come back byte for byte in a namespace that is empty, through wrangler kv bulk put", async () => {
  const [before, after] = [join(scratch, "before"), join(scratch, "after")];
  const spillway = "tools/spillway/main.ts";
  const name = `Ann's "mail" server \\ Zoë`;
  await run(before, spillway, "keys", "create", "--name", name);
  const backup = await run(before, spillway, "backup", "--binding", "KEYS");
  expect(JSON.parse(backup)).toEqual([
    { key: expect.stringMatching(/^key:/), value: expect.stringContaining(JSON.stringify(name)) },
  ]);
  const file = join(scratch, "keys.json");
  await writeFile(file, backup);
  const where = ["--binding", "KEYS", "--local", "--persist-to", join(after, "wrangler")];
  await run(after, await binOf("wrangler", "wrangler"), "kv", "bulk", "put", file, ...where);
  expect(await run(after, spillway, "backup", "--binding", "KEYS")).toBe(backup);
}, 60_000);
