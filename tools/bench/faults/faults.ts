/** Bench `faults`: what callers notice of each fault of the running system, under load. */
import { setTimeout as sleep } from "node:timers/promises";
import { step } from "../../spillway/terminal/progress.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { withWorkspace } from "../system/workspace.ts";
import { edgeFaults } from "./edge-faults.ts";
import type { Fault } from "./fault.ts";
import { hangUps } from "./hang-ups.ts";
import { MAX_EDGE_TOKENS } from "./known-texts.ts";
import { Load } from "./load.ts";
import { originFaults } from "./origin-faults.ts";
import { otherFaults } from "./other-faults.ts";
import { faultsReport } from "./report.ts";
import { brokenPromises, type FaultRow, hasRecovered, rowOf } from "./row.ts";
import { storeFaults } from "./store-faults.ts";
import { type FaultySystem, withFaultySystem } from "./system.ts";

const MAX_BENCH_MS = 20 * 60_000;

interface Pace {
  isQuick: boolean;
  /** The policy's timeout of an origin. */
  timeoutMs: number;
  /** Between two texts of a kind. */
  everyMs: { short: number; long: number };
  leadMs: number;
  lastsMs: number;
  /** After the fault: until so many texts in a row were answered, and at least this long. */
  goodInARow: { short: number; long: number };
  tailMs: number;
}

const FULL: Pace = {
  isQuick: false,
  timeoutMs: 2000,
  everyMs: { short: 80, long: 250 },
  leadMs: 300,
  lastsMs: 2000,
  goodInARow: { short: 20, long: 4 },
  tailMs: 1000,
};
const QUICK: Pace = {
  isQuick: true,
  timeoutMs: 1500,
  everyMs: { short: 60, long: 150 },
  leadMs: 100,
  lastsMs: 400,
  goodInARow: { short: 5, long: 2 },
  tailMs: 200,
};

/** A system that has not recovered by then is reported as it is. */
const MAX_TAIL_MS = 15_000;
const POLL_MS = 25;

export const faultsBench: Bench = {
  name: "faults",
  summary:
    "texts answered, wrong and lost under each fault of origin, edge, stores, telemetry, control plane and clock",
  options: {
    only: { type: "string", about: "only the faults whose name contains this", value: "text" },
  },
  // Fewer faults, each for half a second.
  quick: {},
  run(values: OptionValues) {
    const pace = values["quick"] === true ? QUICK : FULL;
    const only = typeof values["only"] === "string" ? values["only"] : "";
    const faults = allFaults().filter(({ name, isQuick }) => name.includes(only) && (isQuick || !pace.isQuick));
    const policy = { version: 5, origin: { timeoutMs: pace.timeoutMs }, edge: { maxTokens: MAX_EDGE_TOKENS } };
    return withWorkspace(MAX_BENCH_MS, (workspace) =>
      withFaultySystem(workspace, { policy, slowOriginMs: pace.timeoutMs / 3 }, (system) => run(system, faults, pace)),
    );
  },
};

/** What every row has of the load and of this machine. */
const NO_FAULT: Fault = { name: "no fault", part: "none", isQuick: true, begin: () => {}, end: () => {} };

/** @returns every fault, in the order in which they are run, after a row without one */
export function allFaults(): Fault[] {
  return [NO_FAULT, ...originFaults(), ...edgeFaults(), ...hangUps(), ...storeFaults(), ...otherFaults()];
}

async function run(system: FaultySystem, faults: readonly Fault[], pace: Pace): Promise<Report> {
  const rows: FaultRow[] = [];
  const problems: string[] = [];
  for (const fault of faults) {
    const row = await step(fault.name, () => measure(system, fault, pace));
    rows.push(row);
    const broken = brokenPromises(row, fault.mayRefuseShort ?? null);
    // At once: a run that is stopped has shown them.
    for (const problem of broken) process.stderr.write(`    ${problem} ${JSON.stringify(row.refusals)}\n`);
    problems.push(...broken);
  }
  return faultsReport(rows, problems, pace.everyMs);
}

async function measure(system: FaultySystem, fault: Fault, pace: Pace): Promise<FaultRow> {
  await system.renew();
  await fault.prepare?.(system);
  system.backend.takeRefusals();
  const { url } = system.gateway;
  const load = new Load({ url, texts: system.texts, headers: system.headers, everyMs: pace.everyMs });
  try {
    await sleep(pace.leadMs);
    await fault.begin(system);
    if (fault.during) await fault.during(system, pace.isQuick);
    else await sleep(pace.isQuick ? pace.lastsMs : Math.max(pace.lastsMs, fault.lastsMs ?? 0));
    await fault.end(system);
    const endedAtMs = performance.now();
    const untilMs = endedAtMs + MAX_TAIL_MS;
    await sleep(pace.tailMs);
    const isBack = (kind: "short" | "long") => hasRecovered(kind, load.samples, endedAtMs, pace.goodInARow[kind]);
    while (!(isBack("short") && isBack("long")) && performance.now() < untilMs) await sleep(POLL_MS);
    const samples = await load.stop();
    const originGoodAtMs = system.origin.firstGoodMs(endedAtMs);
    return rowOf(fault, { samples, endedAtMs, originGoodAtMs, refusals: system.backend.takeRefusals() });
  } finally {
    await load.stop();
  }
}
