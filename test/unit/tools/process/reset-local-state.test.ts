import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort } from "../../../../tools/process/ports.ts";
import { resetLocalState } from "../../../../tools/process/reset-local-state.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spillway-reset-"));
  for (const folder of [".wrangler", ".spillway", "docs"]) await mkdir(join(root, folder));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it("removes the local state and nothing else", async () => {
  expect(await resetLocalState([], root, await freePort())).toEqual(["removed .wrangler/", "removed .spillway/"]);
  expect(await readdir(root)).toEqual(["docs"]);
});

it("removes nothing for --help, and refuses an unknown option", async () => {
  const port = await freePort();
  expect(await resetLocalState(["--help"], root, port)).toEqual([expect.stringMatching(/^Usage: npm run reset\n/)]);
  await expect(resetLocalState(["--dry-run"], root, port)).rejects.toThrow(
    /^npm run reset has no option --dry-run\. Nothing was removed\./,
  );
  expect(await readdir(root)).toHaveLength(3);
});

it("removes nothing while a gateway runs", async () => {
  const gateway = createServer().listen(0, "127.0.0.1");
  await once(gateway, "listening");
  const address = gateway.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(resetLocalState([], root, port)).rejects.toThrow(
    `Port ${port} (the gateway) is in use. Stop npm start first. Nothing was removed.`,
  );
  expect(await readdir(root)).toHaveLength(3);
  gateway.close();
});
