/** On what the numbers were made: times mean little without it. */
import { cpus, loadavg } from "node:os";

export function describeMachine() {
  const all = cpus();
  return { cpus: all.length, cpu: all[0]?.model ?? "unknown", node: process.version };
}

/** Mean number of running processes over the last minute; above the number of CPUs, times are too long. */
export function loadAverage(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}
