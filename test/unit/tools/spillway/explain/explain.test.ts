/** The command with a small model: options in, lines out. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { basisPointsOf } from "../../../../../gateway/decide/share.ts";
import { lineOf, runExplain, useSmallModel } from "./run-explain.ts";

useSmallModel();

const TEXT = "WIN a free prize";
const address = { url: "https://example.com/", region: "us-east-1" };
const origins = { "eu-central-1": address, "us-east-1": { ...address, weight: 0 } };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-explain-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function by(document: object | string, ...words: string[]) {
  const file = join(folder, "policy.json");
  await writeFile(file, typeof document === "string" ? document : JSON.stringify(document));
  return runExplain("--text", TEXT, "--policy", file, ...words);
}
const decision = async (document: object, ...words: string[]) =>
  lineOf((await by(document, ...words)).stdout, "decision");

describe("a rule for the EU", () => {
  const residency = { rules: [{ countries: ["EU"], allow: ["edge"] }] };
  it.each([
    ["DE", "edge, because residency"],
    ["gr", "edge, because residency"],
    ["RE", "edge, because residency"],
    ["GB", "edge, because within-share"],
    ["CH", "edge, because within-share"],
    ["XX", "edge, because within-share"],
  ])("for a caller in %s: %s", async (country, expected) => {
    expect(await decision({ residency }, "--country", country)).toBe(expected);
  });
});

it("counts and splits a pair by both of its texts", async () => {
  const { stdout } = await by({ edge: { stickyBy: "text" } }, "--text-pair", "see you at lunch");
  // [CLS] WIN a free prize [SEP] see you at lunch [SEP]
  expect(lineOf(stdout, "text")).toMatch(/^11 tokens, /);
  const key = JSON.stringify([TEXT, "see you at lunch"]);
  expect(/key at ([\d.]+) %/.exec(stdout)?.[1]).toBe(String(basisPointsOf(key) / 100));
});

describe("the sticky split uses the key of the policy", () => {
  const keyAt = (stdout: string) => /key at ([\d.]+) %/.exec(stdout)?.[1];
  it.each<[string, string[], string, string]>([
    ["api-key", ["--api-key", "k"], "k", "the API key"],
    ["api-key", ["--api-key", `spw_abcdefghijkl_${"s".repeat(43)}`], "abcdefghijkl", "the API key"],
    ["api-key", ["--header", "authorization=Bearer b=="], TEXT, "the text (the request has no API key)"],
    ["api-key", ["--header", "x-tenant=t"], TEXT, "the text (the request has no API key)"],
    ["header:x-tenant", ["--api-key", "k", "--header", "X-Tenant=t"], "t", "the header x-tenant"],
    ["header:x-tenant", ["--api-key", "k"], TEXT, "the text (the request has no header x-tenant)"],
    ["text", ["--api-key", "k", "--header", "x-tenant=t"], TEXT, "the text"],
  ])("%s, given %j: %j", async (stickyBy, given, key, words) => {
    const { stdout } = await by({ edge: { stickyBy } }, ...given);
    expect(keyAt(stdout)).toBe(String(basisPointsOf(key) / 100));
    const country = "country unknown (assumed; --country selects one, and every caller of npm start has US)";
    expect(lineOf(stdout, "caller")).toBe(`${country}; split by ${words}`);
  });

  it("never shows a key", async () => {
    const { stdout, stderr } = await by({}, "--api-key", "hunter2", "--header", "authorization=hunter2");
    expect(stdout + stderr).not.toContain("hunter2");
  });
});

describe("several origins", () => {
  it("are described one by one, the others by the value for all", async () => {
    const options = [
      "--origin-breaker",
      "open",
      "--origin-breaker",
      "us-east-1=closed",
      "--origin-p95-ms",
      "eu-central-1=120",
    ];
    const { stdout } = await by({ origins, override: "origin" }, ...options);
    expect(lineOf(stdout, "decision")).toBe("origin us-east-1, because override");
    expect(stdout).toContain(
      [
        "origin      eu-central-1  weight 100  breaker open    P95 120 ms",
        "            us-east-1     weight 0    breaker closed  P95 unknown",
      ].join("\n"),
    );
  });

  it("that residency forbids are marked", async () => {
    const residency = { unknown: ["origin:us-east-1"] };
    const { stdout } = await by({ origins, residency });
    expect(stdout).toMatch(/eu-central-1 .* forbidden by residency\n +us-east-1 .*unknown\n/);
    expect(lineOf(stdout, "decision")).toBe("origin us-east-1, because residency");
  });

  it("that have paused texts of this length are skipped, and the line of each states it", async () => {
    const paused = ["--origin-paused-from", "1000", "--origin-paused-from", "eu-central-1=5"];
    const { stdout } = await by({ origins, override: "origin" }, ...paused);
    expect(lineOf(stdout, "decision")).toBe("origin us-east-1, because override");
    expect(stdout).toMatch(/eu-central-1 .* paused for this text of 16 bytes\n/);
    expect(stdout).toMatch(/us-east-1 .* texts from 1000 bytes are paused; this one has 16\n/);
    const all = await by({ origins, override: "origin" }, "--origin-paused-from", "5");
    expect(all.stdout).toContain("no origin accepts texts of this length for now, and the edge accepts the text");
  });

  it("with open breakers send the text to the edge, with the reason", async () => {
    const { stdout } = await by({ origins, edge: { share: 0 } }, "--origin-breaker", "open");
    expect(stdout).toMatch(
      /\n→ outside-share +origin .*\n(?:.*\n)*decision +edge, because origin-unavailable\n +the origin's breaker is open, and the edge accepts the text\non failure +no fallback: no other side accepts it$/,
    );
  });
});

describe("the rules after the one that decides", () => {
  it("are under a line that names it, and none of them reads as if it decided", async () => {
    const { stdout } = await by({ override: "origin", latencyBudgetMs: 1 }, "--origin-p95-ms", "1");
    const [, rules = ""] = stdout.split("\n\n");
    const lines = rules.split("\n");
    expect(lines[1]).toMatch(/^→ override +origin +override origin$/);
    expect(lines[2]).toBe("  not evaluated, because override decides:");
    expect(lines.slice(3)).toHaveLength(7);
    expect(lines.at(-1)).toMatch(/^ {2}within-share +– +applies only if no other rule does$/);
    expect(stdout).not.toContain("no rule excludes the edge");
    expect(lines.filter((line) => line.startsWith("→"))).toHaveLength(1);
  });

  it("do not exist where the last rule decides, which then reads as the reason", async () => {
    const { stdout } = await by({});
    expect(stdout).toMatch(
      /\n→ within-share +edge +no rule excludes the edge\n\ndecision +edge, because within-share\n/,
    );
    expect(stdout).not.toContain("not evaluated");
  });
});

describe("a refusal", () => {
  it("by residency is marked at that rule, and has no consequences", async () => {
    const { stdout } = await by({ residency: { unknown: "refuse" } });
    expect(stdout).toMatch(/\n→ residency +refuse +country unknown: edge forbidden, origin forbidden\n/);
    expect(stdout).toMatch(/\ndecision +refused, because residency$/);
  });

  it("because no side is available names that side", async () => {
    const closed = ["--origin-breaker", "open", "--edge", "rejected"];
    expect(await decision({}, ...closed)).toBe("refused, because origin-unavailable");
    expect(await decision({ residency: { unknown: ["edge"] } }, ...closed)).toBe("refused, because edge-unavailable");
  });
});

describe("hedge and shadow", () => {
  it("are not shown when they are disabled", async () => {
    const { stdout } = await by({});
    expect(stdout).not.toMatch(/when slow|shadow/);
  });

  it.each<[string, object, string[], string, string]>([
    [
      "a hedge after the time of the policy",
      { hedge: { enabled: true, afterMs: 250 } },
      [],
      "when slow",
      "after 250 ms also origin default, because hedge",
    ],
    [
      "a hedge after the side's P95",
      { hedge: { enabled: true } },
      ["--edge-p95-ms", "44"],
      "when slow",
      "after 44 ms also origin default, because hedge",
    ],
    [
      "a hedge that has no P95 yet",
      { hedge: { enabled: true } },
      [],
      "when slow",
      "no hedge while the P95 of the first side is unknown",
    ],
    [
      "a hedge against an override",
      { override: "edge", hedge: { enabled: true } },
      [],
      "when slow",
      "no hedge: the other side is forbidden or unavailable",
    ],
    [
      "a shadow",
      { shadow: { share: 2.5 } },
      [],
      "shadow",
      "2.5 % of texts also to the origin default after the answer",
    ],
    [
      "a shadow on a busy edge",
      { edge: { share: 0 }, shadow: { share: 5 } },
      ["--queue-ms", "3"],
      "shadow",
      "no shadow: the other side is forbidden, unavailable or busy",
    ],
  ])("%s", async (_, document, words, label, expected) => {
    expect(lineOf((await by(document, ...words)).stdout, label)).toBe(expected);
  });
});

describe("the policy", () => {
  it("is the defaults where they are selected", async () => {
    const { stdout } = await runExplain("--text", TEXT, "--defaults");
    expect(lineOf(stdout, "policy")).toBe("the defaults");
    expect(lineOf(stdout, "decision")).toBe("edge, because within-share");
  });

  it("is a file, with another share if one is passed", async () => {
    const { stdout } = await by({ version: 7, edge: { share: 0 } }, "--share", "100");
    expect(lineOf(stdout, "policy")).toMatch(/^version 7 of \S+, with a share of 100 %$/);
    expect(lineOf(stdout, "decision")).toBe("edge, because within-share");
  });

  it("that needs another or a newer model has a note", async () => {
    const { stderr } = await by({ model: `other@${"a".repeat(64)}`, minVersion: 99 });
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(
        /^ {2}! the policy names other@aaaaaaaaaaaa, but tokens are counted by tiny@[0-9a-f]{12}; set SPILLWAY_MODEL_DIR$/,
      ),
      expect.stringMatching(
        /^ {2}! the policy's minVersion 99 rejects version \d+ of this model; pass --edge rejected$/,
      ),
    ]);
  });

  it("that is invalid is rejected with the problem", async () => {
    await expect(by('{"edge": {"shar": 1}}')).rejects.toThrow(
      /policy\.json is not a policy: edge\.shar: unknown key; did you mean share\?$/,
    );
  });
});

it("the output is in columns, and without colours when stdout is not a terminal", async () => {
  const { stdout } = await by({ version: 3 });
  expect(stdout).not.toContain("\u001b");
  const [header = "", rules = "", consequences = ""] = stdout.split("\n\n");
  for (const line of [...header.split("\n"), ...consequences.split("\n")]) expect(line).toMatch(/^.{11} \S/);
  expect(rules.split("\n")).toHaveLength(9);
  for (const line of rules.split("\n")) expect(line).toMatch(/^[→ ] (?=[a-z-]+ ).{16} {2}(edge|– {3}) {2}\S/);
});
