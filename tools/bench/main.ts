/** `npm run bench -- <name> [--json]`: one measurement. Progress on stderr; with --json one JSON object as stdout's last line. */

import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { type ParsedArguments, parseArguments, UsageError } from "./arguments.ts";
import type { Bench } from "./bench.ts";
import { coldBench } from "./cold/cold.ts";
import { decideBench } from "./decide/decide.ts";
import { edgeBench } from "./edge/edge.ts";
import { memoryBench } from "./memory/memory.ts";
import { spikeBench } from "./spike/spike.ts";
import { renderTable } from "./table.ts";
import { telemetryBench } from "./telemetry/telemetry.ts";

/** Every bench. A new one is a file of its own and a line here. */

export const benches: readonly Bench[] = [edgeBench, memoryBench, coldBench, spikeBench, decideBench, telemetryBench];

/** On what the numbers were made: times mean little without it. */

export function describeMachine() {
  const all = cpus();
  return { cpus: all.length, cpu: all[0]?.model ?? "unknown", node: process.version };
}

/** Mean number of running processes over the last minute; above the number of CPUs, times are too long. */
export function loadAverage(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

const asked = parseArguments(process.argv.slice(2), benches);
if (!asked.ok) {
  console.error(asked.problem);
  process.exit(2);
}
try {
  process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
  const problem = await measure(asked);
  if (problem !== null) console.error(problem);
  process.exit(problem === null ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}

/** Resolves to the promise that was broken, if one was. */
async function measure({ bench, json, values }: ParsedArguments): Promise<string | null> {
  const startedAt = new Date().toISOString();
  const loadAtStart = loadAverage();
  const { result, tables, notes, problem = null } = await bench.run(values);
  const machine = { ...describeMachine(), loadAtStart, loadAtEnd: loadAverage() };
  if (json) {
    console.log(JSON.stringify({ bench: bench.name, startedAt, machine, ...result, notes }));
    return problem;
  }
  for (const table of tables) console.log(`\n${renderTable(table)}`);
  console.log(`\n${notes.map((note) => `· ${note}`).join("\n")}`);
  console.log(`· ${machine.cpus} CPUs, load average ${loadAtStart} at the start and ${machine.loadAtEnd} at the end.`);
  return problem;
}
