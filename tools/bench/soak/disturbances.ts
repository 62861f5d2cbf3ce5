/** The faults between the parts of a soak: those after which the same isolate must be as it was before. */
import { setTimeout as sleep } from "node:timers/promises";
import { edgeFaults } from "../faults/edge-faults.ts";
import type { Fault } from "../faults/fault.ts";
import { originFaults } from "../faults/origin-faults.ts";
import { otherFaults } from "../faults/other-faults.ts";
import type { FaultySystem } from "../faults/system.ts";

/** A ledger that fails loses counts, and a new isolate has another heap: neither can be soaked. */
const NAMES = [
  "origin: 500",
  "edge: a trap in one run",
  "telemetry: slow",
  "origin: hangs",
  "edge: out of memory in each run",
  "telemetry: down",
  "origin: connections are refused",
  "telemetry: full",
] as const;

const BEGINS_AFTER_MS = 500;
const LASTS_MS = 3000;

/** @returns the faults, one for each part between the first and the last */
export function disturbances(): Fault[] {
  const all = [...originFaults(), ...edgeFaults(), ...otherFaults()];
  return NAMES.flatMap((name) => all.find((fault) => fault.name === name) ?? []);
}

/** Begins the fault a little later, and ends it again. */
export async function disturb(fault: Fault, system: FaultySystem): Promise<void> {
  await sleep(BEGINS_AFTER_MS);
  await fault.begin(system);
  await sleep(LASTS_MS);
  await fault.end(system);
}
