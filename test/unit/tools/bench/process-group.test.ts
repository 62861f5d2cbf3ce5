import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { cpuMsOf, lowerSession, openFilesOf, processorWaitOf } from "../../../../tools/bench/system/process-group.ts";

it.runIf(process.platform === "linux")(
  "the CPU time and the open files of a process group are its own, and unknown for one that does not exist; its session yields",
  async () => {
    // Computes before it prints, then waits.
    const script =
      "const end = performance.now() + 100; while (performance.now() < end); console.log(1); setTimeout(() => {}, 60_000)";
    const child = spawn(process.execPath, ["-e", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
    try {
      await once(child.stdout, "data");
      const first = await cpuMsOf(child.pid ?? 0);
      expect(first).toBeGreaterThan(0);
      expect(await cpuMsOf(child.pid ?? 0)).toBeGreaterThanOrEqual(first ?? 0);
      // Its standard streams at least.
      expect(await openFilesOf(child.pid ?? 0)).toBeGreaterThanOrEqual(3);
      const name = (await readFile(`/proc/${child.pid}/comm`, "utf8")).trim();
      const waitMs = (await processorWaitOf(child.pid ?? 0, name)) ?? (async () => null);
      const waited = (await waitMs()) ?? -1;
      expect(waited).toBeGreaterThanOrEqual(0);
      expect(await waitMs()).toBeGreaterThanOrEqual(waited);
      expect(await processorWaitOf(child.pid ?? 0, "workerd")).toBeNull();
      await lowerSession(child.pid ?? 0);
      // Absent where sessions do not share the processors.
      expect(await readFile(`/proc/${child.pid}/autogroup`, "utf8").catch(() => "nice 10")).toContain("nice 10");
    } finally {
      child.kill("SIGKILL");
    }
    expect(await cpuMsOf(2 ** 30)).toBeNull();
    expect(await openFilesOf(2 ** 30)).toBeNull();
  },
);
