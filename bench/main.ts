/** `npm run bench -- <name> [--json]`: one measurement. Progress on stderr; with --json one JSON object as stdout's last line. */
import { fileURLToPath } from "node:url";
import { type Asked, parseArguments, UsageError } from "./arguments.ts";
import { benches } from "./benches.ts";
import { describeMachine, loadAverage } from "./machine.ts";
import { renderTable } from "./table.ts";

const asked = parseArguments(process.argv.slice(2), benches);
if (!asked.ok) {
  console.error(asked.problem);
  process.exit(2);
}
try {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  const problem = await measure(asked);
  if (problem !== null) console.error(problem);
  process.exit(problem === null ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}

/** Resolves to the promise that was broken, if one was. */
async function measure({ bench, json, values }: Asked): Promise<string | null> {
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
