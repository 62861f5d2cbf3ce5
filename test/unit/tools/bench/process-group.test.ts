import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { cpuMsOf, openFilesOf } from "../../../../tools/bench/system/process-group.ts";

it.runIf(process.platform === "linux")(
  "the CPU time and the open files of a process group are its own, and unknown for one that does not exist",
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
    } finally {
      child.kill("SIGKILL");
    }
    expect(await cpuMsOf(2 ** 30)).toBeNull();
    expect(await openFilesOf(2 ** 30)).toBeNull();
  },
);
