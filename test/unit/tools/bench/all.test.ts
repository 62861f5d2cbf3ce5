/** Every bench, one after another: the page of their figures, and what becomes of a bench that fails. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { allBench, entryWith } from "../../../../tools/bench/all/all.ts";
import { type PageEntry, resultsPage } from "../../../../tools/bench/all/page.ts";
import { runBench } from "../../../../tools/bench/all/run-bench.ts";
import { readWholeRuns } from "../../../../tools/bench/all/whole-runs.ts";
import { UsageError } from "../../../../tools/bench/arguments.ts";

const HEAD = {
  command: "npm run bench -- all --quick",
  date: "2026-11-26",
  seconds: 130,
  cpus: 2,
  cpu: "Some CPU",
  node: "v24.0.0",
  workerd: "1.2",
  commit: "0123456789ab",
};
const TABLE = { title: "Time in ms", header: ["side", "p50"], rows: [["edge", 4.5]] };
const entry = (name: string, more: Partial<PageEntry> = {}): PageEntry => ({
  name,
  summary: `what ${name} is`,
  command: `npm run bench -- ${name} --quick`,
  before: null,
  seconds: 7,
  headline: TABLE,
  problem: null,
  ...more,
});

describe("the page of all benches", () => {
  it("has date, machine, programs and commit, and a table per bench", () => {
    const page = resultsPage(HEAD, [entry("edge"), entry("cold")]);
    for (const fact of ["2026-11-26", "3 minutes", "2 CPUs, Some CPU", "Node v24.0.0, workerd 1.2", "`0123456789ab`"]) {
      expect(page).toContain(fact);
    }
    expect(page).toContain(
      "## cold\n\nMeasures what cold is.\n\n`npm run bench -- cold --quick`\n\nTime in ms:\n\n| side | p50 |",
    );
    expect(page).toContain("| edge | 4.5 |");
    expect(page).toMatch(/\| failures +\| none /);
  });

  it("has tables that line up, also with characters of two columns", () => {
    const headline = {
      ...TABLE,
      rows: [
        ["漢字 times", 4.5],
        ["edge", 1],
      ],
    };
    expect(resultsPage(HEAD, [entry("edge", { headline })])).toContain("| 漢字 times | 4.5 |\n| edge       | 1   |");
  });

  it("names what failed, with its figures if there are any", () => {
    const page = resultsPage(HEAD, [
      entry("edge", { problem: "edge: too slow." }),
      entry("cold", { headline: null, problem: "It ended with exit code 1: no workerd" }),
    ]);
    expect(page).toMatch(/\| failures +\| edge, cold /);
    expect(page).toMatch(/\[edge\]\(#edge\) \| 7 +\| breaks a promise/);
    expect(page).toMatch(/\[cold\]\(#cold\) \| 7 +\| no result/);
    expect(page).toContain("**Failed.** edge: too slow.\n\nTime in ms:");
    expect(page.trimEnd()).toMatch(/\*\*Failed\.\*\* It ended with exit code 1: no workerd$/);
  });

  it("states of a whole run before this one when it was made, and of which commit", () => {
    const before = { date: "2026-11-20", commit: "ba9876543210" };
    const page = resultsPage(HEAD, [entry("edge", { command: "npm run bench -- edge", before })]);
    expect(page).toContain("`npm run bench -- edge`, a whole run of 2026-11-20, commit `ba9876543210`\n");
  });

  it("has at most 14 rows of a bench, and their number", () => {
    const rows = Array.from({ length: 20 }, (_, row) => [`row ${row}`, row]);
    const page = resultsPage(HEAD, [entry("edge", { headline: { ...TABLE, rows } })]);
    expect(page).toContain("row 13");
    expect(page).not.toContain("row 14");
    expect(page).toContain("6 more rows");
  });
});

describe("a bench in a process", () => {
  const limits = { maxMs: 60_000, graceMs: 10_000, signal: new AbortController().signal };
  const run = (script: string, some: Partial<typeof limits> = {}) => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    return runBench([process.execPath, "--eval", script], { ...limits, ...some });
  };
  const print = (printed: object) =>
    `console.log("progress"); console.log(${JSON.stringify(JSON.stringify(printed))});`;

  it("gives the headline of the object in its last line", async () => {
    const printed = { bench: "edge", headline: TABLE, problem: null };
    expect(await run(print(printed))).toMatchObject({ headline: TABLE, problem: null });
  });

  it("that breaks a promise has its headline and the promise", async () => {
    const printed = { headline: TABLE, problem: "Too slow." };
    expect(await run(`${print(printed)} process.exitCode = 1`)).toMatchObject(printed);
  });

  it.each([
    [
      "fails",
      'console.error("one"); console.error("no workerd"); process.exit(1)',
      "It ended with exit code 1: no workerd",
    ],
    ["prints no object", "", "It ended with exit code 0: no output"],
    [
      "fails after its result",
      `${print({ headline: null, problem: null })} process.exit(3)`,
      "It ended with exit code 3.",
    ],
  ])("that %s is a failure with its reason", async (_, script, problem) => {
    expect(await run(script)).toMatchObject({ headline: null, problem });
  });

  it("that cannot be started is a failure: the others run", async () => {
    const run = await runBench(["/no/such/program"], limits);
    expect(run).toMatchObject({ headline: null, problem: expect.stringMatching(/^It could not be started: .*ENOENT/) });
  });

  it("that does not end in time is ended, and killed if it ignores that", async () => {
    const endless = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)';
    expect(await run(endless, { maxMs: 500, graceMs: 100 })).toMatchObject({
      problem: "It was not done within 0.5 s.",
    });
  });

  it("ends when the user stops all of them", async () => {
    const stop = new AbortController();
    const ended = run("setInterval(() => {}, 1000)", { signal: stop.signal });
    stop.abort();
    expect(await ended).toMatchObject({ headline: null });
  });
});

describe("--whole", () => {
  const printed = { headline: TABLE, problem: null, commit: null, quick: false, seconds: 400 };
  const run = (bench: string, more: object = {}) => ({
    ...{ bench, startedAt: "2026-11-20T10:00:00.000Z", ...printed, ...more },
  });
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "spillway-whole-runs-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const fileWith = async (text: string, encoding: BufferEncoding = "utf8") => {
    const file = join(folder, crypto.randomUUID());
    await writeFile(file, text, encoding);
    return file;
  };
  const fileOf = (object: object) => fileWith(`${JSON.stringify(object)}\n`);

  it("reads the last line of each file, and of two runs of a bench the later", async () => {
    const later = run("edge", { startedAt: "2026-11-21T10:00:00.000Z" });
    const files = [
      await fileWith(`a line\n${JSON.stringify(later)}\n`),
      await fileOf(run("edge")),
      await fileOf(run("cold")),
    ];
    const runs = await readWholeRuns(files.join(","), ["edge", "cold"]);
    expect([...runs.keys()].toSorted()).toEqual(["cold", "edge"]);
    expect(runs.get("edge")).toMatchObject({ startedAt: later.startedAt, headline: TABLE, seconds: 400 });
  });

  it("gives the page its figures, if the short form has a result too", async () => {
    const whole = (await readWholeRuns(await fileOf(run("edge")), ["edge"])).get("edge");
    expect(entryWith(whole, entry("edge"))).toMatchObject({ seconds: 400, before: { date: "2026-11-20" } });
    const failed = entry("edge", { headline: null, problem: "It ended with exit code 1." });
    expect(entryWith(whole, failed)).toBe(failed);
    expect(entryWith(undefined, entry("edge"))).toEqual(entry("edge"));
  });

  it.each([
    ["is missing", async () => join(folder, "none"), /none" cannot be read/],
    ["is no JSON", () => fileWith("a table"), /is no JSON object of a whole run/],
    ["is UTF-16", () => fileWith("\ufeff{}", "utf16le"), /--whole: .* is UTF-16, as PowerShell's > writes it/],
    ["is of a short run", () => fileOf(run("edge", { quick: true })), /without --quick/],
    ["is of no bench", () => fileOf(run("egde")), /is no JSON object of a whole run/],
  ])("refuses a file that %s", async (_, file, problem) => {
    const refused = readWholeRuns(await file(), ["edge", "cold"]);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(problem);
  });
});

describe("--only", () => {
  it("names benches that exist", async () => {
    const run = allBench([]).run({ only: "egde" });
    await expect(run).rejects.toThrow(UsageError);
  });
});
