import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort } from "../../../../tools/process/ports.ts";
import { resetLocalState } from "../../../../tools/process/reset-local-state.ts";
import { takeStateLock } from "../../../../tools/process/state-lock.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spillway-reset-"));
  for (const folder of [".wrangler", ".spillway", "docs", "control-plane/.wrangler/tmp/bundle-a"])
    await mkdir(join(root, folder), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The state in the checkout, and a port that no gateway has. */
const inCheckout = (gatewayPort: number) => ({
  root,
  stateFolder: join(root, ".spillway"),
  isOtherFolder: false,
  gatewayPort,
});

it("removes the local state and nothing else", async () => {
  expect(await resetLocalState(inCheckout(await freePort()))).toEqual([
    "removed .wrangler/",
    "removed control-plane/.wrangler/",
    "removed .spillway/",
  ]);
  expect((await readdir(root, { recursive: true })).toSorted()).toEqual(["control-plane", "docs"]);
});

it("removes nothing while a gateway runs", async () => {
  const gateway = createServer().listen(0, "127.0.0.1");
  await once(gateway, "listening");
  const address = gateway.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(resetLocalState(inCheckout(port))).rejects.toThrow(
    `Port ${port} (the gateway) is in use. Stop the gateway that listens on it; if another program does, set SPILLWAY_PORT to a free port. Nothing was removed.`,
  );
  expect(await readdir(root)).toHaveLength(4);
  gateway.close();
});

it("removes nothing while npm start uses the state, and names its process and the next step", async () => {
  const port = await freePort();
  const release = await takeStateLock(join(root, ".spillway"), "http://127.0.0.1:9000");
  await expect(resetLocalState(inCheckout(port))).rejects.toThrow(
    /^npm start uses this state: process \d+ since [\d:]+, http:\/\/127\.0\.0\.1:9000\. Stop it with Ctrl-C in its terminal, then repeat npm run reset\. Nothing was removed\.$/,
  );
  expect(await readdir(root)).toHaveLength(4);
  release();
  expect(await resetLocalState(inCheckout(port))).toHaveLength(3);
});

it("removes in a folder of the user's choice only what npm start has stored there", async () => {
  const stateFolder = join(root, "docs");
  for (const file of ["gateway.json", "model.sig", "thesis.txt"]) await writeFile(join(stateFolder, file), "");
  await mkdir(join(stateFolder, "wrangler"));
  const state = { ...inCheckout(await freePort()), stateFolder, isOtherFolder: true };
  expect(await resetLocalState(state)).toEqual(
    ["wrangler", "gateway.json", "model.sig"].map((name) => `removed ${join(stateFolder, name)}`),
  );
  expect(await readdir(stateFolder)).toEqual(["thesis.txt"]);
  expect(await readdir(root)).toHaveLength(4);
  expect(await resetLocalState(state)).toEqual(["There is no local state. Nothing was removed."]);
});
