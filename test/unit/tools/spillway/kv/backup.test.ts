/** A backup counts once it has been restored: printed by `spillway backup`, restored by wrangler as docs/guide/operations.md describes. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runWrangler } from "../../../../../tools/process/run-wrangler.ts";
import { spillway } from "../../../../e2e/support/spillway.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-backup-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

it("wrangler kv bulk put restores the keys of a backup byte for byte in an empty namespace", async () => {
  // The state of two machines.
  const [before, after] = [{ stateFolder: join(scratch, "before") }, { stateFolder: join(scratch, "after") }] as const;
  const name = `Ann's "mail" server \\ Zoë`;
  await spillway(before, "keys", "create", "--name", name);
  const backup = await spillway(before, "backup", "--binding", "KEYS");
  expect(JSON.parse(backup)).toEqual([
    { key: expect.stringMatching(/^key:/), value: expect.stringContaining(JSON.stringify(name)) },
  ]);
  const file = join(scratch, "keys.json");
  await writeFile(file, backup);
  const where = ["--binding", "KEYS", "--local", "--persist-to", join(after.stateFolder, "wrangler")];
  expect(await runWrangler(["kv", "bulk", "put", file, ...where])).toMatchObject({ code: 0 });
  expect(await spillway(after, "backup", "--binding", "KEYS")).toBe(backup);
}, 60_000);
