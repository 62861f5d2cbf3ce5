import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { cpuMsOf } from "../../../../tools/bench/overhead/cpu.ts";

it.runIf(process.platform === "linux")(
  "the CPU time of a process group is its own, and unknown for one that does not exist",
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
    } finally {
      child.kill("SIGKILL");
    }
    expect(await cpuMsOf(2 ** 30)).toBeNull();
  },
);
