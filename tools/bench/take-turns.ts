/** Measures several sides on the same texts in alternation, so that noise of the machine affects all of them alike. */
import type { Texts } from "./texts.ts";

export interface Side<Name extends string, Answer> {
  name: Name;
  answer(text: string): Promise<Answer>;
  /** Whether the answer is a sample of this side. An answer that the other side gave is not. */
  counts(answer: Answer): boolean;
}

export interface Turns {
  /** Tokens of the texts. */
  lengths: readonly number[];
  /** Samples per length and side. */
  samples: number;
  /** Bound on the rounds, which include repetitions for answers that do not count. */
  maxRounds: number;
}

/** The answers of one side to texts of one length. */
export interface Cell<Name extends string, Answer> {
  side: Name;
  tokens: number;
  /** Answers that count. */
  good: readonly Answer[];
  others: readonly Answer[];
}

/** @returns a cell per length and side; a cell has fewer samples than requested if the rounds did not suffice */
export async function takeTurns<Name extends string, Answer>(
  sides: readonly Side<Name, Answer>[],
  texts: Pick<Texts, "make">,
  { lengths, samples, maxRounds }: Turns,
): Promise<Cell<Name, Answer>[]> {
  const cells = lengths.flatMap((tokens) =>
    sides.map((side) => ({ side, tokens, good: [] as Answer[], others: [] as Answer[] })),
  );
  for (let round = 0; round < maxRounds; round++) {
    for (const tokens of lengths) {
      const text = texts.make(tokens, round);
      const row = cells.filter((cell) => cell.tokens === tokens);
      // The order alternates, so that no side always runs with the caches that the same other side left.
      for (const { side, good, others } of round % 2 === 0 ? row : row.toReversed()) {
        if (good.length >= samples) continue;
        const answer = await side.answer(text);
        (side.counts(answer) ? good : others).push(answer);
      }
    }
  }
  return cells.map(({ side, ...rest }) => ({ side: side.name, ...rest }));
}
