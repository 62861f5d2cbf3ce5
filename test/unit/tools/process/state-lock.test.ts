/** One `npm start` per state folder, however the last one ended. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeHolder, LOCK_FILE, lockHolder, takeStateLock } from "../../../../tools/process/state-lock.ts";

const ADDRESS = "http://127.0.0.1:8787";
const MODULE = new URL("../../../../tools/process/state-lock.ts", import.meta.url).href;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const store = (holder: object | string) =>
  writeFile(join(folder, LOCK_FILE), typeof holder === "string" ? holder : JSON.stringify(holder));

describe("the lock of a state folder", () => {
  it("is held by one process, whose pid, time and address another one is shown, with the next step", async () => {
    const release = await takeStateLock(folder, ADDRESS);
    const holder = await lockHolder(folder);
    expect(holder).toMatchObject({ pid: process.pid, url: ADDRESS });
    await expect(takeStateLock(folder, ADDRESS)).rejects.toThrow(
      new RegExp(
        `^npm start already uses this state: process ${process.pid} since \\d\\d:\\d\\d:\\d\\d, ${ADDRESS}\\. Stop it with Ctrl-C in its terminal, or set SPILLWAY_STATE_DIR and other ports`,
      ),
    );
    release();
    expect(await readdir(folder)).toEqual([]);
    expect(await lockHolder(folder)).toBeNull();
  });

  it("is stale once its process was killed, and is replaced", async () => {
    const script = `import { takeStateLock } from ${JSON.stringify(MODULE)};
      await takeStateLock(${JSON.stringify(folder)}, "http://other");
      console.log("locked");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    expect(await lockHolder(folder)).toMatchObject({ pid: child.pid, url: "http://other" });
    await expect(takeStateLock(folder, ADDRESS)).rejects.toThrow(`process ${child.pid} since`);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await lockHolder(folder)).toBeNull();
    const release = await takeStateLock(folder, ADDRESS);
    expect(await lockHolder(folder)).toMatchObject({ pid: process.pid });
    release();
  });

  it("is stale if another process has the pid now", async () => {
    await store({ pid: process.pid, processStart: "long ago", since: new Date().toISOString(), url: ADDRESS });
    expect(await lockHolder(folder)).toBeNull();
    (await takeStateLock(folder, ADDRESS))();
  });

  it.each(["", "no JSON", "{}"])("is stale if its file holds %j, as after a full disk", async (text) => {
    await store(text);
    expect(await lockHolder(folder)).toBeNull();
    (await takeStateLock(folder, ADDRESS))();
  });

  it("is described for people with the local time", () => {
    const since = new Date(2026, 10, 26, 14, 2, 10).toISOString();
    expect(describeHolder({ pid: 7, processStart: "", since, url: ADDRESS })).toBe(
      `process 7 since 14:02:10, ${ADDRESS}`,
    );
  });
});
