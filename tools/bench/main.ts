/** `npm run bench -- <name> [--json]`: runs one bench. Progress goes to stderr. With --json the last line of stdout is one JSON object. */
import { cpus, loadavg } from "node:os";
import { buildEngine } from "../../engine/build/build-engine.ts";
import { commitHere } from "../deploy/commit.ts";
import { CHECKOUT_FOLDER } from "../process/checkout.ts";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { Interrupted } from "../process/signals.ts";
import { VERSION } from "../process/standard-words.ts";
import { makeConsoleSafe } from "../spillway/terminal/safe-console.ts";
import { columnsOf } from "../spillway/terminal/wrap.ts";
import { renderTable } from "../table.ts";
import { allBench } from "./all/all.ts";
import { helpText, type ParsedArguments, parseArguments, UsageError } from "./arguments.ts";
import { attacksBench } from "./attacks/attacks.ts";
import type { Bench } from "./bench.ts";
import { coldBench } from "./cold/cold.ts";
import { consoleBench } from "./console/console.ts";
import { decideBench } from "./decide/decide.ts";
import { edgeBench } from "./edge/edge.ts";
import { engineBench } from "./engine/engine.ts";
import { faultsBench } from "./faults/faults.ts";
import { holdBench } from "./hold/hold.ts";
import { hostileTextsBench } from "./hostile-texts/hostile-texts.ts";
import { ledgerBench } from "./ledger/ledger.ts";
import { memoryBench } from "./memory/memory.ts";
import { overheadBench } from "./overhead/overhead.ts";
import { peersBench } from "./peers/peers.ts";
import { planBench } from "./plan/plan.ts";
import { replayBench } from "./replay/replay.ts";
import { rolloutsBench } from "./rollouts/rollouts.ts";
import { soakBench } from "./soak/soak.ts";
import { spikeBench } from "./spike/spike.ts";
import { telemetryBench } from "./telemetry/telemetry.ts";

/** A new bench is a folder and an entry in this list, with a short form for `--quick`. `all` runs them in this order. */
const EACH: readonly Bench[] = [
  edgeBench,
  engineBench,
  peersBench,
  holdBench,
  hostileTextsBench,
  attacksBench,
  faultsBench,
  soakBench,
  ledgerBench,
  rolloutsBench,
  consoleBench,
  memoryBench,
  coldBench,
  spikeBench,
  planBench,
  replayBench,
  decideBench,
  overheadBench,
  telemetryBench,
];
const BENCHES: readonly Bench[] = [...EACH, allBench(EACH)];

dropUnreadOutput();
makeConsoleSafe(console, process);
const parsed = parseArguments(process.argv.slice(2), BENCHES);
if (parsed.kind === "help") {
  console.log(helpText(BENCHES, parsed.bench, columnsOf(process.stdout)));
  process.exit(0);
}
if (parsed.kind === "version") {
  console.log(VERSION);
  process.exit(0);
}
if (parsed.kind === "problem") {
  console.error(parsed.problem);
  process.exit(2);
}
try {
  process.chdir(CHECKOUT_FOLDER);
  await buildEngine();
  const problem = await runBench(parsed);
  if (problem !== null) console.error(problem);
  process.exit(problem === null ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof Interrupted ? error.exitCode : error instanceof UsageError ? 2 : 1);
}

/** @returns the promise that the measurement breaks, or null */
async function runBench({ bench, json, values }: ParsedArguments): Promise<string | null> {
  const startedAt = new Date().toISOString();
  const loadAtStart = loadAverage();
  const { result, tables, headline = tables[0] ?? null, notes, problem = null } = await bench.run(values);
  const machine = { ...describeMachine(), loadAtStart, loadAtEnd: loadAverage() };
  if (json) {
    const run = { bench: bench.name, startedAt, seconds: Math.round((Date.now() - Date.parse(startedAt)) / 1000) };
    const commit = (await commitHere("."))?.tag ?? null;
    const quick = values["quick"] === true;
    console.log(JSON.stringify({ ...run, commit, quick, machine, ...result, notes, headline, problem }));
    return problem;
  }
  for (const table of tables) console.log(`\n${renderTable(table, columnsOf(process.stdout))}`);
  console.log(`\n${notes.map((note) => `· ${note}`).join("\n")}`);
  console.log(`· ${machine.cpus} CPUs, load average ${loadAtStart} at the start and ${machine.loadAtEnd} at the end.`);
  return problem;
}

/** Times depend on the machine, so every result names it. */
function describeMachine() {
  const all = cpus();
  return { cpus: all.length, cpu: all[0]?.model ?? "unknown", node: process.version };
}

/** Mean number of running processes over the last minute. Above the number of CPUs, measured times are too long. */
function loadAverage(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}
