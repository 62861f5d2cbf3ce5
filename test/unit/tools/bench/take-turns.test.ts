import { describe, expect, it } from "vitest";
import { type Side, takeTurns } from "../../../../tools/bench/take-turns.ts";

const texts = { make: (tokens: number, seed: number) => `${tokens}/${seed}` };

function sides(asked: string[], counts: (text: string) => boolean): Side<"a" | "b", string>[] {
  const side = (name: "a" | "b"): Side<"a" | "b", string> => ({
    name,
    answer: async (text) => {
      asked.push(`${name} ${text}`);
      return text;
    },
    counts: name === "a" ? counts : () => true,
  });
  return [side("a"), side("b")];
}

describe("taking turns", () => {
  it("gives both the same texts and changes who goes first", async () => {
    const asked: string[] = [];
    await takeTurns(
      sides(asked, () => true),
      texts,
      { lengths: [8], enough: 2, mostRounds: 2 },
    );
    expect(asked).toEqual(["a 8/0", "b 8/0", "b 8/1", "a 8/1"]);
  });

  it("makes up for answers that do not count, and asks nobody who has enough", async () => {
    const asked: string[] = [];
    const cells = await takeTurns(
      sides(asked, (text) => text !== "8/0"),
      texts,
      { lengths: [8], enough: 1, mostRounds: 3 },
    );
    expect(cells).toEqual([
      { side: "a", tokens: 8, good: ["8/1"], others: ["8/0"] },
      { side: "b", tokens: 8, good: ["8/0"], others: [] },
    ]);
  });

  it("ends when the rounds are used up", async () => {
    const cells = await takeTurns(
      sides([], () => false),
      texts,
      { lengths: [8, 16], enough: 1, mostRounds: 3 },
    );
    expect(cells.filter(({ side }) => side === "a").map(({ others }) => others.length)).toEqual([3, 3]);
  });
});
