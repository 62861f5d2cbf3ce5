/** `spillway plan` through the program: its forms, and its errors. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { registerPlan } from "../../../../../tools/spillway/plan/command.ts";
import { plainCommand } from "../../../../../tools/spillway/terminal/plain-command.ts";

const VECTORS = new URL("../../../../vectors/plan/", import.meta.url).pathname;

/** @returns what the command printed on stdout */
async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => printed.push(String(line)));
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const program = plainCommand("spillway", "");
  registerPlan(program, { full: 600, small: 100 });
  await program.parseAsync(["plan", ...words], { from: "user" });
  return printed.join("\n");
}

describe("spillway plan", () => {
  it("prints the advice, every option, the sums and the assumptions of a log and texts", async () => {
    const text = await run("--from", `${VECTORS}report.log`, `${VECTORS}texts.jsonl`);
    expect(text).toContain("report.log (lambda-log): 27 calls, 2 other records");
    expect(text).toMatch(/1 broken record is left out\s+\(line 31: Duration/);
    for (const title of ["A month", "Spillway in detail", "The bill of Spillway at 100 %", "Assumptions"])
      expect(text).toContain(title);
    expect(text).toContain("Arrivals are assumed");
  });

  it("prints JSON with the same figures, and writes one HTML file that needs nothing else", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "plan-")), "plan.html");
    const words = ["--from", `${VECTORS}texts.csv`, "--package", "models/mail-tagger", "--assume", "edge-time=1.5"];
    const plan = JSON.parse(await run(...words, "--json", "--html", file));
    expect(plan.edge.model).toMatch(/^mail-tagger@/);
    expect(plan.assumptions.find(({ name }: { name: string }) => name === "edge-time")).toMatchObject({
      value: 1.5,
      source: "--assume",
    });
    const page = await readFile(file, "utf8");
    expect(page).toContain("<svg");
    expect(page).not.toMatch(/<(script|link|img)\b|https?:\/\/(?!www\.w3\.org)/);
    // The text of the vectors.
    expect(page + JSON.stringify(plan)).not.toContain("please");
  });

  it("compares with a report of the ledger that it is given", async () => {
    const arm = { texts: 100, p50Ms: 90, p95Ms: 180, p99Ms: 200 };
    const report = {
      ...{ texts: 300, requests: 300, arms: { inside: arm, outside: arm, ineligible: { ...arm, p95Ms: null } } },
      ...{ split: { askedPercent: 50, achievedPercent: 50 }, sides: [], reasons: {} },
      ...{ loads: { count: 0, cpuMs: 0, p50Ms: null }, cost: { totalUsd: 0.01, lines: [] } },
    };
    const file = join(await mkdtemp(join(tmpdir(), "plan-")), "report.json");
    await writeFile(file, JSON.stringify(report));
    const text = await run("--from", `${VECTORS}tail.log`, "--calibrate", file);
    expect(text).toContain("Predicted and measured");
    expect(text).toContain("P95, inside");
  });

  it("prints the article with every sum, and as JSON with the fields that programs rely on", async () => {
    expect(await run("--article")).toContain("2.5 M × 0.65 s × 3 GB × $0.0000166667 + 2.5 M × $0.20/M = $81.75");
    expect(JSON.parse(await run("--article", "--json"))).toMatchObject({
      lambda: { statedUsd: 81.75, neededMeanMs: 1136 },
      edge: expect.arrayContaining([{ cpuMs: 180, usd: 13.4 }]),
    });
  });

  it.each([
    [[], "pass --from with texts or logs, or --article"],
    [["--article", "--from", "a"], "cannot be used with"],
    [["--from", "a", "--format", "pcap"], "Allowed choices are auto, filter-log-events"],
    [["--from", "a", "--requests-per-month", "many"], "as in 2500000"],
    [["--from", "a", "--assume", "speed=2"], "as in edge-time=1.5"],
    [["--from", "a", "--assume", "edge-time=fast"], "The value of edge-time must be a number"],
  ])("%j is wrong usage", async (words, message) => {
    await expect(run(...words)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: expect.any(Number),
    });
  });
});
