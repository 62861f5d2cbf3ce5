import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineDiff } from "../../../../control-plane/console/line-diff.ts";

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);
const shown = (before: string[], after: string[]) =>
  lineDiff(before.join("\n"), after.join("\n")).map((line) =>
    line.kind === "skipped" ? `… ${line.lines}` : `${line.kind[0]} ${line.text}`,
  );

describe("two texts line by line", () => {
  it("show what was removed before what was added, with three lines around it", () => {
    const before = lines(12);
    expect(shown(before, before.with(6, "changed"))).toEqual([
      ...["… 3", "s line 3", "s line 4", "s line 5"],
      ...["r line 6", "a changed"],
      ...["s line 7", "s line 8", "s line 9", "… 2"],
    ]);
  });

  it("show lines that moved as few changes as possible", () => {
    expect(shown(["a", "b", "c"], ["b", "c", "d"])).toEqual(["r a", "s b", "s c", "a d"]);
  });

  it("are nothing where both are the same, also the end of the last line", () => {
    expect(lineDiff("a\nb\n", "a\nb\n")).toEqual([]);
    expect(lineDiff("a\nb", "a\nb\n")).toEqual([]);
  });

  it("contain both texts whole, whatever they are", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const all = lineDiff(before.join("\n"), after.join("\n"));
        // With so few lines, none is far from a change.
        const textOf = (kind: "removed" | "added") =>
          all.flatMap((line) => (line.kind === kind || line.kind === "same" ? [line.text] : [])).join("\n");
        const [left, right] = [before.join("\n"), after.join("\n")];
        expect([textOf("removed"), textOf("added")]).toEqual(left === right ? ["", ""] : [left, right]);
      }),
    );
  });

  it("of many thousand lines are compared at once", () => {
    const before = Array.from({ length: 5000 }, (_, index) => `${index}`);
    expect(lineDiff(before.join("\n"), before.toReversed().join("\n")).length).toBeGreaterThan(9000);
  });
});
