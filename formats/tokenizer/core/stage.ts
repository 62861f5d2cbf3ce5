/**
 * A tokenizer is a row of stages. Code points enter at the head, one after another, and token ids come out at the end, so that no stage
 * needs the whole text: each keeps what is not decided yet.
 */
export interface Stage {
  /** The next code point of the current piece. A piece begins with its first code point. */
  put(codePoint: number): void;
  /** The current piece ends. A piece without code points does not exist, as in the reference. */
  end(): void;
  /** An added token, between two pieces. */
  token(id: number): void;
}

/** The last stage: makes tokens of pieces. */
export interface Model extends Stage {
  /** Tokens of the current piece, at the least. */
  certainTokens(): number;
}

/** A stage that has held much back and passes it on in parts. While it is busy, it gets nothing more of the text. */
export interface Busy {
  readonly isBusy: boolean;
  /** Passes on a bounded part. @returns the units of work, without that of the stages behind it */
  work(): number;
}

/**
 * Makes a stage in front of another one. Stages have state: each text has its own.
 * @param busy receives the stages that may be busy; without it they pass everything on at once
 */
export type MakeStage = (next: Stage, busy?: Busy[]) => Stage;

/** Where the tokens go, and the count of work done. */
export interface Output {
  ids: number[];
  /** About 10 to 30 ns each. The caller bounds its steps by it. */
  workUnits: number;
}
