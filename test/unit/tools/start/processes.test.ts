/** How the processes of one start end, with real ones. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Child, startChild } from "../../../../tools/process/child.ts";
import { createProcesses, type Processes } from "../../../../tools/start/processes.ts";

const WAIT = [process.execPath, "-e", "console.log('up'); setInterval(() => {}, 1000)"];
let folder: string;
let processes: Processes;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-processes-"));
  processes = createProcesses(folder);
});
afterEach(async () => {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
});

/** Whether it is still pending after everything else that can run has run. */
async function isPending(work: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setTimeout(resolve, 50, "later"));
  return (await Promise.race([work.catch(() => "failed"), later])) === "later";
}

describe("when everything is stopped", () => {
  it("a process that is just being started ends too, and a later one does not start", async () => {
    const spawned = Promise.withResolvers<void>();
    const children: Child[] = [];
    const { start, stopAll } = createProcesses(folder, async (...words) => {
      await spawned.promise;
      const child = await startChild(...words);
      children.push(child);
      return child;
    });
    const starting = start("origin", WAIT, {});
    await expect.poll(() => isPending(starting)).toBe(true);
    const stopped = stopAll();
    spawned.resolve();
    await stopped;
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(["signal SIGTERM"]);
    expect(await isPending(start("later", WAIT, {}))).toBe(true);
    expect(children).toHaveLength(1);
  });

  it("a step that fails because its process was killed reports nothing", async () => {
    const work = Promise.withResolvers<string>();
    const step = processes.unlessStopping(work.promise);
    await processes.stopAll();
    work.reject(new Error("killed"));
    expect(await isPending(step)).toBe(true);
  });

  it("is not the case, a step succeeds and fails as it is", async () => {
    await expect(processes.unlessStopping(Promise.resolve(7))).resolves.toBe(7);
    await expect(processes.unlessStopping(Promise.reject(new Error("full")))).rejects.toThrow("full");
  });
});

it("a log begins anew with the first process of a name, and keeps what the ones before a restart have written", async () => {
  const print = (word: string) => [process.execPath, "-e", `console.log("${word}")`];
  const log = async () => (await readFile(join(folder, "logs/origin.log"), "utf8")).trim().split("\n");
  await (await processes.start("origin", print("first"), {})).ended;
  await (await processes.start("origin", print("second"), {})).ended;
  await expect.poll(log).toEqual(["first", "second"]);
  await writeFile(join(folder, "logs/origin.log"), "of last week\n");
  await (await createProcesses(folder).start("origin", print("third"), {})).ended;
  await expect.poll(log).toEqual(["third"]);
});
