import { describe, expect, it } from "vitest";
import { emptyHistory, type History, withEntry, withStored } from "../../../../../policies/versions/history.ts";
import { changesText, historyRows } from "../../../../../policies/versions/history-rows.ts";
import { historyTable } from "../../../../../tools/spillway/policy/history-commands.ts";
import { savedLines } from "../../../../../tools/spillway/policy/save-version.ts";
import { paintFor } from "../../../../../tools/spillway/terminal/colors.ts";

const TIME = "2026-11-24T10:00:00.000Z";
const text = (version: number, share: number) => JSON.stringify({ version, edge: { share } });

/** Numbers are versions that Ann saved; text is an edit outside the command. */
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
  it("are newest first, the newest marked as last stored, each with its changes", () => {
    expect(rows(1, 2)).toEqual([
      { name: "2", mark: "last-stored", problem: null, changes: ["edge.share 1 → 2"], remark: null },
      { name: "1", mark: "none", problem: null, changes: ["edge.share 100 (default) → 1"], remark: null },
    ]);
  });

  it("show an invalid edit as rejected, the valid one before it as last stored, and changes relative to that one", () => {
    const broken = text(9, 700);
    expect(rows(1, broken)).toMatchObject([
      { name: "9", mark: "rejected", problem: expect.stringMatching(/^edge\.share: 700 is not allowed/) },
      { name: "1", mark: "last-stored" },
    ]);
    expect(rows(1, broken, 10)[0]).toMatchObject({ name: "10", mark: "last-stored", changes: ["edge.share 1 → 10"] });
  });

  it("show an edit with a lower version as rejected, unless it has no version", () => {
    expect(rows(1, 7, text(3, 3))).toMatchObject([
      { name: "3", mark: "rejected", problem: "version 3 is older than 7, which is in force" },
      { name: "7", mark: "last-stored", problem: null },
      { name: "1", mark: "none" },
    ]);
    expect(rows(1, 7, text(3, 3), 8)[0]).toMatchObject({ mark: "last-stored", changes: ["edge.share 7 → 8"] });
    expect(rows(1, 7, '{"edge": {"share": 3}}')[0]).toMatchObject({ mark: "last-stored", problem: null });
    expect(rows(1, 7, null, text(3, 3))[0]).toMatchObject({ mark: "last-stored", problem: null });
  });

  it.each<[string, (number | string | null)[], string | null]>([
    ["is the same", [1, text(1, 9)], "still version 1"],
    ["is higher", [1, text(2, 9)], null],
    ["is an earlier one", [1, 2, text(1, 1)], "1 was restored, or the save of 2 failed"],
  ])("have a remark for an edit outside the command whose version %s", (_, edits, remark) => {
    expect(rows(...edits)[0]?.remark).toBe(remark);
  });

  it("show for a deleted key that the defaults are in force", () => {
    expect(rows(1, null)[0]).toMatchObject({
      name: "0",
      mark: "last-stored",
      changes: [expect.stringMatching(/defaults are in force/)],
    });
  });

  it("show no changes for the oldest of 50", () => {
    const edits = Array.from({ length: 55 }, (_, index) => index + 1);
    expect(rows(...edits).at(-1)).toMatchObject({
      name: "6",
      changes: [expect.stringMatching(/no longer in the history/)],
    });
  });

  it("have different names for many edits of one version", () => {
    const edits = Array.from({ length: 50 }, (_, share) => text(7, share));
    const names = rows(...edits).map(({ name }) => name);
    expect(names.toReversed().slice(0, 3)).toEqual(["7", "7b", "7c"]);
    expect(new Set(names).size).toBe(50);
  });
});

describe("a change of residency among many others", () => {
  const other = { latencyBudgetMs: 5, edge: { share: 1, maxTokens: 9 }, origin: { timeoutMs: 900 }, minTls: "1.3" };
  const residency = { rules: [{ countries: ["EU"], allow: ["edge"] }], unknown: "refuse" };
  const before = { version: 1, sampling: { keep: ["error"] } };
  const after = { version: 2, ...other, sampling: { keep: [] }, residency };
  const SENTENCES = [
    "texts from the EU may go only to the edge; before, they could go to both sides",
    "texts from unknown countries are refused; before, they could go to both sides",
  ];
  const changed = (document: object | null) =>
    historyRows(history(JSON.stringify(after), document === null ? null : JSON.stringify(document)));

  it("is first, a line for each sentence, and never behind the number of the others", () => {
    const [row] = historyRows(history(JSON.stringify(before), JSON.stringify(after)));
    expect(row?.changes).toEqual([
      ...SENTENCES,
      "latencyBudgetMs null (default) → 5, edge.share 100 (default) → 1, 4 more",
    ]);
    expect(row === undefined ? "" : savedLines(row, null)).toEqual([
      `version 2: ${SENTENCES[0]}`,
      `  ${SENTENCES[1]}`,
      "  latencyBudgetMs null (default) → 5, edge.share 100 (default) → 1, 4 more",
    ]);
    expect(changesText(row?.changes ?? [])).toBe(
      "Texts from the EU may go only to the edge; before, they could go to both sides. Texts from unknown countries are refused; before, they could go to both sides. latencyBudgetMs null (default) → 5, edge.share 100 (default) → 1, 4 more.",
    );
  });

  it("is shown where the key is deleted, and where another author leaves it out", () => {
    for (const without of [null, { version: 3, ...other }]) {
      expect(changed(without)[0]?.changes.join("\n")).toContain(
        "texts from the EU may go to both sides; before, they could go only to the edge\ntexts from unknown countries may go to both sides; before, they were refused",
      );
    }
  });
});

describe("the history's table", () => {
  const plain = paintFor({ isTTY: false }, {});

  it("aligns its columns and marks the last stored version and edits from outside; what an isolate has, it does not claim", () => {
    const table = historyTable(historyRows(history(1, text(12, 5))), null, plain, null).split("\n");
    const [head = "", outside = "", own = ""] = table;
    for (const line of [outside, own]) expect(line[head.indexOf("author") - 1]).toBe(" ");
    expect(outside.slice(head.indexOf("author"))).toMatch(/^outside the spillway command {2}edge\.share 1 → 5$/);
    expect(outside).toMatch(/^● {2}12 {7}seen 2026-11-24/);
    expect(own.slice(head.indexOf("author"))).toMatch(/^Ann {27}edge\.share 100 \(default\) → 1$/);
    expect(table.slice(-2)).toEqual(["● last stored", "What an isolate has: x-spillway-policy, and /readyz."]);
    expect(table.join("\n")).not.toContain("in force");
    const rejected = historyTable(historyRows(history(1, text(9, 700))), null, plain, null).split("\n");
    expect(rejected.at(-2)).toBe("○ stored, but rejected: isolates keep the newest valid one");
    expect(rejected[1]).toMatch(/^○ {2}9 /);
  });

  it("is wrapped to the terminal and contains no control sequence of an author", () => {
    const evil = withEntry(emptyHistory, {
      timeIso: TIME,
      author: "\u001b[2JEve\n",
      message: "x".repeat(200),
      text: "{}",
    });
    const table = historyTable(historyRows(evil), null, plain, 80);
    expect(table).not.toContain("\u001b");
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("has colours only on a terminal, and not with NO_COLOR", () => {
    const painted = (stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv) => paintFor(stream, env)("red", "x") !== "x";
    expect([painted({ isTTY: true }, {}), painted({}, {}), painted({ isTTY: true }, { NO_COLOR: "1" })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
