import { describe, expect, it } from "vitest";
import { emptyHistory, type History, withEntry, withStored } from "../../../../../tools/spillway/policy/history.ts";
import { historyRows } from "../../../../../tools/spillway/policy/history-row.ts";
import { historyTable } from "../../../../../tools/spillway/policy/show-history.ts";
import { paintFor } from "../../../../../tools/spillway/terminal/colors.ts";

const TIME = "2026-11-24T10:00:00.000Z";
const text = (version: number, share: number) => JSON.stringify({ version, edge: { share } });

/** Numbers are versions that Ann stored; text is an edit outside the command. */
function history(...edits: (number | string | null)[]): History {
  return edits.reduce<History>((before, edit) => {
    if (typeof edit !== "number") return withStored(before, edit, TIME);
    return withEntry(before, { timeIso: TIME, author: "Ann", message: null, text: text(edit, edit) });
  }, emptyHistory);
}
const rows = (...edits: (number | string | null)[]) =>
  historyRows(history(...edits)).map(({ entry, mark, problem, changes, remark }) => ({
    name: entry.name,
    mark,
    problem,
    changes,
    remark,
  }));

describe("the history's rows", () => {
  it("are newest first, the newest in force, each with what it changed", () => {
    expect(rows(1, 2)).toEqual([
      { name: "2", mark: "in-force", problem: null, changes: "edge.share 1 → 2", remark: null },
      { name: "1", mark: "none", problem: null, changes: "edge.share 100 (default) → 1", remark: null },
    ]);
  });

  it("show a broken edit as broken, the good one before it as in force, and changes against that one", () => {
    const broken = text(9, 700);
    expect(rows(1, broken)).toMatchObject([
      { name: "9", mark: "stored", problem: expect.stringMatching(/^edge\.share: 700 is not allowed/) },
      { name: "1", mark: "in-force" },
    ]);
    expect(rows(1, broken, 10)[0]).toMatchObject({ name: "10", mark: "in-force", changes: "edge.share 1 → 10" });
  });

  it("show an edit whose version went back as not taken, unless it is without a version", () => {
    expect(rows(1, 7, text(3, 3))).toMatchObject([
      { name: "3", mark: "stored", problem: "version 3 is older than 7, which is in force" },
      { name: "7", mark: "in-force", problem: null },
      { name: "1", mark: "none" },
    ]);
    expect(rows(1, 7, text(3, 3), 8)[0]).toMatchObject({ mark: "in-force", changes: "edge.share 7 → 8" });
    expect(rows(1, 7, '{"edge": {"share": 3}}')[0]).toMatchObject({ mark: "in-force", problem: null });
    expect(rows(1, 7, null, text(3, 3))[0]).toMatchObject({ mark: "in-force", problem: null });
  });

  it.each<[string, (number | string | null)[], string | null]>([
    ["stayed the same", [1, text(1, 9)], "version stayed 1"],
    ["rose", [1, text(2, 9)], null],
    ["came back", [1, 2, text(1, 1)], "1 put back, or the write of 2 broke off"],
  ])("remark on an edit outside the command whose version %s", (_, edits, remark) => {
    expect(rows(...edits)[0]?.remark).toBe(remark);
  });

  it("tell of a deleted key that the defaults serve", () => {
    expect(rows(1, null)[0]).toMatchObject({
      name: "0",
      mark: "in-force",
      changes: expect.stringMatching(/defaults serve/),
    });
  });

  it("do not guess what the oldest of 50 changed", () => {
    const edits = Array.from({ length: 55 }, (_, index) => index + 1);
    expect(rows(...edits).at(-1)).toMatchObject({ name: "6", changes: expect.stringMatching(/no longer kept/) });
  });

  it("name many edits of one version apart", () => {
    const edits = Array.from({ length: 50 }, (_, share) => text(7, share));
    const names = rows(...edits).map(({ name }) => name);
    expect(names.toReversed().slice(0, 3)).toEqual(["7", "7b", "7c"]);
    expect(new Set(names).size).toBe(50);
  });
});

describe("the history's table", () => {
  const plain = paintFor({ isTTY: false }, {});

  it("lines its columns up and marks what is in force and what came from outside", () => {
    const table = historyTable(historyRows(history(1, text(12, 5))), plain, null).split("\n");
    const [head = "", outside = "", own = ""] = table;
    for (const line of [outside, own]) expect(line[head.indexOf("author") - 1]).toBe(" ");
    expect(outside.slice(head.indexOf("author"))).toMatch(/^outside the spillway command {2}edge\.share 1 → 5$/);
    expect(outside).toMatch(/^● {2}12 {7}seen 2026-11-24/);
    expect(own.slice(head.indexOf("author"))).toMatch(/^Ann {27}edge\.share 100 \(default\) → 1$/);
    expect(table.at(-1)).toBe("● in force");
  });

  it("is wrapped to the terminal, and lets no author steer it", () => {
    const evil = withEntry(emptyHistory, {
      timeIso: TIME,
      author: "\u001b[2JEve\n",
      message: "x".repeat(200),
      text: "{}",
    });
    const table = historyTable(historyRows(evil), plain, 80);
    expect(table).not.toContain("\u001b");
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("is coloured on a terminal only, and not with NO_COLOR", () => {
    const painted = (stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv) => paintFor(stream, env)("red", "x") !== "x";
    expect([painted({ isTTY: true }, {}), painted({}, {}), painted({ isTTY: true }, { NO_COLOR: "1" })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
