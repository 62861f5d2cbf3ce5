/** Whoever is woken by a code finds a row that says what it means and what to check; and no row is of a code long gone. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BECAUSE } from "../../gateway/decide/route.ts";
import { MISMATCHES } from "../../gateway/origin/mismatch.ts";
import { REFUSAL_CODES, REFUSAL_REASONS, type RefusalReason } from "../../gateway/refusal.ts";
import { FAILURE_REASONS } from "../../gateway/sides.ts";

const runbook = readFileSync(new URL("../../docs/reference/codes.md", import.meta.url), "utf8");

/** Why somebody is not let in. */
const ACCESS_REASONS: readonly RefusalReason[] = [
  ...REFUSAL_REASONS.unauthorized,
  "scope",
  "key-inputs",
  "key-rate",
  "address-rate",
  "failed-authentications",
  "keys-unavailable",
  "key-unreadable",
  "misconfigured",
];

type Row = Readonly<Record<string, string>>;

/** The rows of the one table below a heading, by their columns' titles. */
function tableBelow(heading: string): Row[] {
  const section = runbook.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  const [titles = [], , ...rows] = lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return rows.map((cells) =>
    Object.fromEntries(titles.map((title, index) => [title.replaceAll("`", ""), cells[index] ?? ""])),
  );
}

/** What stands in backticks. */
const codesIn = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

function expectFilled(row: Row | undefined): void {
  expect(row?.["what it means"]).toMatch(/\w.*\.$/);
  expect(row?.["what to check"]).toMatch(/\w.*\.$/);
}

describe.each<[string, string, readonly string[], readonly string[]]>([
  ["Reasons of an answer", "reason", BECAUSE, []],
  // Answers of the origin that have a meaning of their own, and all others.
  [
    "Why a side failed",
    "failure",
    FAILURE_REASONS,
    ["http-403", "http-413", "http-429", "http-500", "http-502", "http-503", "http-…"],
  ],
  ["Refusals", "error_type", REFUSAL_CODES, []],
  ["Keys, tokens and rates", "reason", ACCESS_REASONS, []],
  ["The two sides answer with different labels", "code", MISMATCHES, []],
])('the runbook\'s table of "%s"', (heading, column, known, patterns) => {
  const rows = tableBelow(heading);

  it.each([...known, ...patterns])("has one row for `%s` that says what it means and what to check", (code) => {
    const [row, ...more] = rows.filter((row) => codesIn(row[column]).includes(code));
    expectFilled(row);
    expect(more).toEqual([]);
  });

  it("has no row for what does not exist", () => {
    const told = rows.flatMap((row) => codesIn(row[column]));
    expect(told.filter((code) => !known.includes(code) && !patterns.includes(code))).toEqual([]);
  });
});

describe("the runbook's table of refusals names the internal reasons in the row of their code", () => {
  const rows = tableBelow("Refusals");
  const reasonsOf = (...codes: string[]) =>
    rows
      .filter((row) => codesIn(row["error_type"]).some((code) => codes.includes(code)))
      .flatMap((row) => codesIn(row["internal reasons"]));
  /** Reasons that say more than a word. */
  const patterns: Partial<Record<string, string>> = { forbidden: "tls-…", unavailable: "bug: …" };

  it.each(REFUSAL_CODES)("of `%s`", (code) => {
    const pattern = patterns[code];
    const expected = [...REFUSAL_REASONS[code], ...(pattern === undefined ? [] : [pattern])];
    expect(reasonsOf(code)).toEqual(expect.arrayContaining(expected));
  });

  it("and none that does not exist", () => {
    const known = [...Object.values(REFUSAL_REASONS).flat(), ...Object.values(patterns)];
    expect(reasonsOf(...REFUSAL_CODES).filter((reason) => !known.some((one) => one === reason))).toEqual([]);
  });
});
