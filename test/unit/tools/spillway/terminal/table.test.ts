/** Text and tables in terminals from 60 columns on. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paintFor } from "../../../../../tools/spillway/terminal/colors.ts";
import { inWidth } from "../../../../../tools/spillway/terminal/safe-console.ts";
import { tableLines, tableText } from "../../../../../tools/spillway/terminal/table.ts";
import { columnsOf, widthOf, wrapped } from "../../../../../tools/spillway/terminal/wrap.ts";

const word = fc.stringMatching(/^[a-z漢é-]{1,12}$/);
const words = fc.array(word, { maxLength: 30 }).map((list) => list.join(" "));
const wordsOf = (text: string) => text.split(/\s+/).filter((one) => one !== "");

describe("a text", () => {
  it("is wrapped between words, and none is lost or divided", () => {
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 30, max: 100 }),
        fc.integer({ min: 0, max: 12 }),
        (text, columns, indent) => {
          const lines = wrapped(text, { columns, indent });
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
          expect(lines.flatMap(wordsOf)).toEqual(wordsOf(text));
        },
      ),
    );
  });

  it("keeps a word that is longer than a line whole, such as an address to copy", () => {
    const url = `https://example.com/${"x".repeat(60)}`;
    expect(wrapped(`see ${url} for more`, { columns: 60 })).toEqual(["see", url, "for more"]);
  });

  it("is measured as a terminal shows it: wide letters, marks, colours", () => {
    const paint = paintFor({ isTTY: true }, {});
    expect([widthOf("漢字"), widthOf("e\u0301"), widthOf(paint("red", "abc"))]).toEqual([4, 1, 3]);
  });

  it("has the width of a terminal, and none in a file", () => {
    expect([columnsOf({ isTTY: true, columns: 60 }), columnsOf({ columns: 60 }), columnsOf({ isTTY: true })]).toEqual([
      60,
      null,
      null,
    ]);
  });
});

describe("what a command prints on a terminal", () => {
  const sentence = "The stored policy is the same as version 6, so nothing was saved at all.";

  it("is wrapped, with the indent of a note", () => {
    expect(inWidth(`  ! ${sentence}`, 60)).toBe(
      "  ! The stored policy is the same as version 6, so nothing\n    was saved at all.",
    );
  });

  it.each([
    ["JSON", JSON.stringify({ message: sentence })],
    ["a command on a line", `    npx spillway policy set origins '{"eu-central-1": {"url": "https://example.com/"}}'`],
    ["what fits", "short"],
  ])("stays as it is: %s", (_, text) => {
    expect(inWidth(text, 60)).toBe(text);
    expect(inWidth(sentence, null)).toBe(sentence);
  });
});

const KEYS = {
  head: ["id", "name", "state", "scopes", "rate", "inputs", "created", "expires"],
  rows: [
    ["abcdefghijkl", "mail server", "active", "classify", "large", "-", "2026-11-26", "2027-02-24"],
    ["mnopqrstuvwx", "Ben", "revoked 2026-11-26", "classify", "standard", "16", "2026-11-26", "never"],
  ],
};

describe("a table", () => {
  it("has its cells in columns where it fits", () => {
    const { head, rows } = tableLines(
      {
        head: ["name", "ms"],
        rows: [
          ["a", "7"],
          ["bcd", "1200"],
        ],
        right: [1],
      },
      60,
    );
    expect([...head, ...rows.flat()]).toEqual(["name    ms", "a        7", "bcd   1200"]);
  });

  it("wraps its cells at words where it does not fit, and the small columns stay whole", () => {
    expect(tableText(KEYS, 84).split("\n")).toEqual([
      "id            name    state       scopes    rate      inputs  created     expires",
      "abcdefghijkl  mail    active      classify  large     -       2026-11-26  2027-02-24",
      "              server",
      "mnopqrstuvwx  Ben     revoked     classify  standard  16      2026-11-26  never",
      "                      2026-11-26",
    ]);
  });

  it("is a list per row where not even the words fit side by side", () => {
    expect(tableText(KEYS, 60).split("\n\n").at(-1)?.split("\n")).toEqual([
      "id       mnopqrstuvwx",
      "name     Ben",
      "state    revoked 2026-11-26",
      "scopes   classify",
      "rate     standard",
      "inputs   16",
      "created  2026-11-26",
      "expires  never",
    ]);
  });

  it("fits every terminal from 60 columns on, whatever its cells hold, and divides no word that a column could hold", () => {
    const row = fc.array(words, { minLength: 4, maxLength: 4 }).map((cells) => ["●", ...cells]);
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), fc.integer({ min: 60, max: 120 }), (rows, columns) => {
        const text = tableText({ head: [" ", "version", "when", "author", "changes"], rows }, columns);
        for (const line of text.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        const shown = new Set(wordsOf(text));
        for (const one of rows.flat().flatMap(wordsOf)) expect(shown).toContain(one);
      }),
    );
  });
});
