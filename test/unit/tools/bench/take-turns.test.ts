import { describe, expect, it } from "vitest";
import { type Side, takeTurns } from "../../../../tools/bench/take-turns.ts";

const texts = { make: (tokens: number, seed: number) => `${tokens}/${seed}` };

function sides(calls: string[], counts: (text: string) => boolean): Side<"a" | "b", string>[] {
  const side = (name: "a" | "b"): Side<"a" | "b", string> => ({
    name,
    answer: async (text) => {
      calls.push(`${name} ${text}`);
      return text;
    },
    counts: name === "a" ? counts : () => true,
  });
  return [side("a"), side("b")];
}

describe("taking turns", () => {
  it("gives both sides the same texts and alternates which side is first", async () => {
    const calls: string[] = [];
    await takeTurns(
      sides(calls, () => true),
      texts,
      { lengths: [8], samples: 2, maxRounds: 2 },
    );
    expect(calls).toEqual(["a 8/0", "b 8/0", "b 8/1", "a 8/1"]);
  });

  it("replaces answers that do not count, and does not call a side that has enough samples", async () => {
    const calls: string[] = [];
    const cells = await takeTurns(
      sides(calls, (text) => text !== "8/0"),
      texts,
      { lengths: [8], samples: 1, maxRounds: 3 },
    );
    expect(cells).toEqual([
      { side: "a", tokens: 8, good: ["8/1"], others: ["8/0"] },
      { side: "b", tokens: 8, good: ["8/0"], others: [] },
    ]);
  });

  it("ends after the maximum of rounds", async () => {
    const cells = await takeTurns(
      sides([], () => false),
      texts,
      { lengths: [8, 16], samples: 1, maxRounds: 3 },
    );
    expect(cells.filter(({ side }) => side === "a").map(({ others }) => others.length)).toEqual([3, 3]);
  });
});
