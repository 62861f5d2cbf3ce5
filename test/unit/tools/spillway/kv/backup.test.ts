/** A backup counts once it has been restored: printed by `spillway backup`, restored by wrangler as docs/guide/operations.md describes. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { offlineWrangler, wranglerCommand } from "../../../../../tools/process/run-wrangler.ts";
import { CHECKOUT } from "../../deploy/filled-in.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-backup-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** `stateFolder` is one machine's. */
async function run(stateFolder: string, program: string, ...words: string[]): Promise<string> {
  const env = { ...process.env, ...offlineWrangler, SPILLWAY_STATE_DIR: stateFolder };
  return (await promisify(execFile)(program, words, { cwd: CHECKOUT, env })).stdout;
}
const spillway = (stateFolder: string, ...words: string[]) =>
  run(stateFolder, process.execPath, "tools/spillway/main.ts", ...words);

it("wrangler kv bulk put restores the keys of a backup byte for byte in an empty namespace", async () => {
  const [before, after] = [join(scratch, "before"), join(scratch, "after")];
  const name = `Ann's "mail" server \\ Zoë`;
  await spillway(before, "keys", "create", "--name", name);
  const backup = await spillway(before, "backup", "--binding", "KEYS");
  expect(JSON.parse(backup)).toEqual([
    { key: expect.stringMatching(/^key:/), value: expect.stringContaining(JSON.stringify(name)) },
  ]);
  const file = join(scratch, "keys.json");
  await writeFile(file, backup);
  const where = ["--binding", "KEYS", "--local", "--persist-to", join(after, "wrangler")];
  const [program = "", ...words] = await wranglerCommand("kv", "bulk", "put", file, ...where);
  await run(after, program, ...words);
  expect(await spillway(after, "backup", "--binding", "KEYS")).toBe(backup);
}, 60_000);
