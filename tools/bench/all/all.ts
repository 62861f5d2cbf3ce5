/** Bench `all`: every bench, one after another, and a page of their figures. */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { commitHere } from "../../deploy/commit.ts";
import { Interrupted } from "../../process/signals.ts";
import { UsageError } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { type PageEntry, resultsPage } from "./page.ts";
import { runBench } from "./run-bench.ts";
import { readWholeRuns, type WholeRun } from "./whole-runs.ts";

const PAGE = "docs/internals/results.md";
/** The promise of the short form, for all benches together. */
const MAX_QUICK_MINUTES = 15;
const MAX_BENCH_MS = { quick: 5 * 60_000, whole: 90 * 60_000 };
/** A bench ends its own processes first. */
const GRACE_MS = 30_000;
const MAIN = "tools/bench/main.ts";

/** @param benches in the order in which they run */
export function allBench(benches: readonly Bench[]): Bench {
  return {
    name: "all",
    summary: `every bench, one after another, and writes their figures to ${PAGE}`,
    options: {
      only: { type: "string", about: "only these benches, separated by commas; writes no page", value: "names" },
      whole: {
        type: "string",
        about: "JSON objects of whole runs: the page has their figures. Without --quick their benches do not run",
        value: "files",
        allowed: "paths, separated by commas",
      },
      out: { type: "string", about: "where to write the page", value: "file", allowed: `default ${PAGE}` },
    },
    quick: {},
    run: async (values) => runAll(chosenOf(benches, values), values),
  };
}

/** @throws UsageError for a name that no bench has */
function chosenOf(benches: readonly Bench[], { only }: OptionValues): readonly Bench[] {
  if (only === undefined) return benches;
  const names = String(only).split(",");
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown === undefined) return benches.filter(({ name }) => names.includes(name));
  const list = benches.map(({ name }) => name).join(", ");
  throw new UsageError(`--only names "${unknown}"; use names of ${list}.`);
}

async function runAll(benches: readonly Bench[], { quick, only, whole, out }: OptionValues): Promise<Report> {
  const isQuick = quick === true;
  const startedAtMs = performance.now();
  const words = isQuick ? ["--quick"] : [];
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) =>
    stop.abort(new Interrupted("Stopped before all benches were done; no page was written.", signal));
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const entries: PageEntry[] = [];
  const names = benches.map(({ name }) => name);
  const wholeRuns = whole === undefined ? new Map() : await readWholeRuns(String(whole), names);
  try {
    for (const { name, summary } of benches) {
      const before = wholeRuns.get(name);
      if (before !== undefined && !isQuick) {
        entries.push(entryOf(before, summary));
        continue;
      }
      process.stderr.write(`${name}\n`);
      const limits = { maxMs: isQuick ? MAX_BENCH_MS.quick : MAX_BENCH_MS.whole, graceMs: GRACE_MS };
      const command = [process.execPath, MAIN, name, ...words, "--json"];
      const run = await runBench(command, { ...limits, signal: stop.signal });
      stop.signal.throwIfAborted();
      const entry = { name, summary, command: ["npm run bench --", name, ...words].join(" "), before: null, ...run };
      entries.push(entryWith(before, entry));
    }
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  const page = out === undefined ? (only === undefined ? PAGE : null) : String(out);
  const commit = (await commitHere("."))?.tag ?? null;
  if (page !== null) {
    const command = ["npm run bench -- all", ...words, ...(whole === undefined ? [] : ["--whole <files>"])].join(" ");
    await writeFile(page, resultsPage({ command, seconds, commit, ...machine() }, entries));
  }
  return report(entries, { seconds, commit, page, isQuick });
}

/** The short form shows that the bench works, and a whole run has the figures. */
export function entryWith(before: WholeRun | undefined, short: PageEntry): PageEntry {
  return before === undefined || short.headline === null ? short : entryOf(before, short.summary);
}

function entryOf({ bench, startedAt, commit, ...run }: WholeRun, summary: string): PageEntry {
  const before = { date: startedAt.slice(0, 10), commit };
  return { ...run, name: bench, summary, command: `npm run bench -- ${bench}`, before };
}

function machine() {
  const all = cpus();
  const { version } = createRequire(import.meta.url)("workerd/package.json");
  return {
    date: new Date().toISOString().slice(0, 10),
    cpus: all.length,
    cpu: all[0]?.model ?? "unknown",
    node: process.version,
    workerd: String(version),
  };
}

interface Whole {
  seconds: number;
  commit: string | null;
  page: string | null;
  isQuick: boolean;
}

function report(entries: readonly PageEntry[], { seconds, commit, page, isQuick }: Whole): Report {
  const failed = entries.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${problem}`]));
  const isLate = isQuick && seconds > MAX_QUICK_MINUTES * 60;
  const late = isLate ? [`The short form took ${seconds} s, more than ${MAX_QUICK_MINUTES} minutes.`] : [];
  const problems = [...failed, ...late];
  const rows = entries.map(({ name, seconds: each, problem }) => [name, each, problem ?? "succeeded"]);
  return {
    result: {
      commit,
      seconds,
      page,
      benches: entries.map(({ name, seconds: each, problem, headline }) => ({
        name,
        seconds: each,
        problem,
        headline,
      })),
    },
    tables: [{ title: "Benches", header: ["bench", "seconds", "result"], rows }],
    notes: page === null ? [] : [`The figures are in ${page}.`],
    problem: problems.length === 0 ? null : problems.join("\n"),
  };
}
