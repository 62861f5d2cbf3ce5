/** Collects why a model cannot be packed, so that all reasons are reported at once. */
import { PackError } from "./pack-error.ts";

/** Several reasons, one sentence each. */
class SeveralRefusals extends PackError {
  readonly sentences: readonly string[];

  constructor(sentences: readonly string[]) {
    super(
      `The model cannot be packed, for ${sentences.length} reasons:\n${sentences.map((one) => `  - ${one}`).join("\n")}`,
    );
    this.sentences = sentences;
  }
}

export class Refusals {
  readonly #errors: unknown[] = [];

  /** Does a part of the checks. @returns null if it is refused; the others continue */
  async check<T>(part: () => T | Promise<T>): Promise<T | null> {
    try {
      return await part();
    } catch (error) {
      this.#errors.push(error);
      return null;
    }
  }

  /** @throws the error if there was one; SeveralRefusals with every sentence, each once, if there were several */
  throwIfAny(): void {
    if (this.#errors.length > 0) this.fail();
  }

  /** As `throwIfAny`, where something was refused. */
  fail(): never {
    const sentences = [...new Set(this.#errors.flatMap(sentencesOf))];
    throw sentences.length === 1 ? this.#errors[0] : new SeveralRefusals(sentences);
  }
}

function sentencesOf(error: unknown): readonly string[] {
  if (error instanceof SeveralRefusals) return error.sentences;
  return [error instanceof Error ? error.message : String(error)];
}
