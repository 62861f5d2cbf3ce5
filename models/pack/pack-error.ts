/** Why a model was not packed, in one sentence for people that tells the next step. */
export class PackError extends Error {
  constructor(sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = "PackError";
  }
}

export function diskFull(cause: unknown): PackError {
  return new PackError("The disk is full; no package was written. Free some space and pack again.", cause);
}
