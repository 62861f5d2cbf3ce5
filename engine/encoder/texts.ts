/** The texts of one run: checked, then written to the buffers of ids, positions and kinds. */
import { longestText } from "../format/architecture.ts";
import { MAX_TEXTS } from "../plan-memory.ts";
import type { Model, TextRows } from "./context.ts";

/** One text, or a pair of texts that the tokenizer joined. */
export interface TextInput {
  /** Token ids with the special tokens, without padding. */
  ids: ArrayLike<number>;
  /** The segment of each token; absent: 0 for all. */
  kinds?: ArrayLike<number>;
}

/** @throws RangeError with one sentence if a text cannot be run */
export function checkTexts({ architecture, plan }: Model, texts: readonly TextInput[]): void {
  if (texts.length < 1 || texts.length > MAX_TEXTS) {
    throw new RangeError(`A run has ${texts.length} texts; allowed are 1 to ${MAX_TEXTS}.`);
  }
  const longest = longestText(architecture);
  let tokens = 0;
  for (const { ids, kinds } of texts) {
    if (ids.length < 1 || ids.length > longest) {
      throw new RangeError(`A text has ${ids.length} tokens; the model allows 1 to ${longest}.`);
    }
    if (kinds !== undefined && kinds.length !== ids.length) {
      throw new RangeError(
        `A text has ${ids.length} tokens and ${kinds.length} kinds; there must be one for each token.`,
      );
    }
    checkNumbers("token id", ids, architecture.vocabulary);
    if (kinds !== undefined) checkNumbers("segment kind", kinds, architecture.tokenTypes);
    tokens += ids.length;
  }
  if (tokens > plan.maxTokens) {
    throw new RangeError(`A run has ${tokens} tokens in all; the model was loaded for at most ${plan.maxTokens}.`);
  }
}

function checkNumbers(name: string, values: ArrayLike<number>, limit: number): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isInteger(value) || value < 0 || value >= limit) {
      throw new RangeError(`A ${name} is ${value}; the model allows 0 to ${limit - 1}.`);
    }
  }
}

/** Writes all tokens to memory. @returns each text's rows, and whether any token is of another kind than 0 */
export function writeTexts(
  model: Model,
  texts: readonly TextInput[],
): { rows: TextRows[]; count: number; severalKinds: boolean } {
  const { memory, plan, architecture } = model;
  const all = new Int32Array(memory.buffer);
  const [ids, positions, kinds] = [plan.ids / 4, plan.positions / 4, plan.kinds / 4];
  const rows: TextRows[] = [];
  let row = 0;
  let severalKinds = false;
  for (const text of texts) {
    rows.push({ first: row, count: text.ids.length });
    let counted = 0;
    for (let index = 0; index < text.ids.length; index++, row++) {
      const id = text.ids[index] ?? 0;
      const kind = text.kinds?.[index] ?? 0;
      all[ids + row] = id;
      all[kinds + row] = kind;
      severalKinds ||= kind !== 0;
      if (architecture.padToken === null) all[positions + row] = index;
      else all[positions + row] = id === architecture.padToken ? 0 : ++counted;
    }
  }
  return { rows, count: row, severalKinds };
}
