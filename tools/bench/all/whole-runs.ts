/** The JSON objects of whole runs, as `npm run bench -- <name> --json` prints them, for the page of all benches. */
import { z } from "zod";
import { parseJson } from "../../../formats/json.ts";
import { readUserText } from "../../process/read-text.ts";
import { UsageError } from "../arguments.ts";
import { printedSchema } from "./run-bench.ts";

const wholeRunSchema = printedSchema.extend({
  bench: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  commit: z.string().nullable(),
  quick: z.literal(false),
});

export type WholeRun = z.infer<typeof wholeRunSchema>;

/**
 * @param files paths, separated by commas
 * @param names of all benches
 * @returns the runs by the name of their bench; of two runs of one bench, the later
 * @throws UsageError for a file that cannot be read, is no such object, or is of a short run or of no bench
 */
export async function readWholeRuns(files: string, names: readonly string[]): Promise<ReadonlyMap<string, WholeRun>> {
  const runs = await Promise.all(files.split(",").map((file) => readWholeRun(file, names)));
  const sorted = runs.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
  return new Map(sorted.map((run) => [run.bench, run]));
}

async function readWholeRun(file: string, names: readonly string[]): Promise<WholeRun> {
  const text = await readUserText(file).catch((error: unknown) => {
    if (error instanceof Error && "code" in error) return null;
    throw new UsageError(`--whole: ${error instanceof Error ? error.message : String(error)}`);
  });
  const run = wholeRunSchema.safeParse(parseJson(text?.trimEnd().split("\n").at(-1) ?? "")).data;
  if (run !== undefined && names.includes(run.bench)) return run;
  const found = text === null ? "cannot be read" : "is no JSON object of a whole run";
  throw new UsageError(
    `--whole: "${file}" ${found}. Write one with \`npm run --silent bench -- <name> --json > <file>\`, without --quick.`,
  );
}
