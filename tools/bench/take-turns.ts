/** Several sides on the same texts, taking turns, so that the machine's noise hits all alike. */
import type { Texts } from "./texts.ts";

export interface Side<Name extends string, Answer> {
  name: Name;
  answer(text: string): Promise<Answer>;
  /** Whether the answer counts: one of somebody else's does not. */
  counts(answer: Answer): boolean;
}

export interface Turns {
  lengths: readonly number[];
  /** Answers that count, per length and side. */
  enough: number;
  /** Answers that do not count may be made up for, until so many rounds are done. */
  mostRounds: number;
}

/** What one side answered to texts of one length. */
export interface Cell<Name extends string, Answer> {
  side: Name;
  tokens: number;
  good: readonly Answer[];
  others: readonly Answer[];
}

export async function takeTurns<Name extends string, Answer>(
  sides: readonly Side<Name, Answer>[],
  texts: Pick<Texts, "make">,
  { lengths, enough, mostRounds }: Turns,
): Promise<Cell<Name, Answer>[]> {
  const cells = lengths.flatMap((tokens) =>
    sides.map((side) => ({ side, tokens, good: [] as Answer[], others: [] as Answer[] })),
  );
  for (let round = 0; round < mostRounds; round++) {
    for (const tokens of lengths) {
      const text = texts.make(tokens, round);
      const row = cells.filter((cell) => cell.tokens === tokens);
      // Who goes first changes, so that nobody always finds the caches as the same other left them.
      for (const { side, good, others } of round % 2 === 0 ? row : row.toReversed()) {
        if (good.length >= enough) continue;
        const answer = await side.answer(text);
        (side.counts(answer) ? good : others).push(answer);
      }
    }
  }
  return cells.map(({ side, ...rest }) => ({ side: side.name, ...rest }));
}
