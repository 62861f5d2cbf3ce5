/** Why a model was not packed, in one sentence that includes the next step. */
export class PackError extends Error {
  constructor(sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = "PackError";
  }
}

/** The error for a full disk. */
export function diskFull(cause: unknown): PackError {
  return new PackError("The disk is full; no package was written. Free some space and pack again.", cause);
}

/**
 * ONNX Runtime's error as one sentence. Its own messages contain paths of its source files.
 * @param runtime what failed: "The edge's ONNX Runtime"
 * @param advice the next step
 */
export function ortFailure(runtime: string, path: string, advice: string, error: unknown): PackError {
  const message = error instanceof Error ? error.message : String(error);
  // On a full disk, its writer reports nothing else.
  if (/No space left|Failed to save ORT format/.test(message)) return diskFull(error);
  const operator = missingOperator(message);
  if (operator !== null)
    return new PackError(`${runtime} has no operator ${operator}, which ${path} needs; ${advice}.`, error);
  return new PackError(`${runtime} cannot run ${path} (${withoutSourceFiles(message)}); ${advice}.`, error);
}

/** The operator that a message reports as missing: an unknown name, or no implementation for its types. Null if none. */
function missingOperator(message: string): string | null {
  const patterns = [
    /([\w.]+:\w+)\(-?\d+\) is not a registered function\/op/,
    /No Op registered for ([\w.]+)/,
    /Could not find an implementation for ([\w.]+)\(\d+\)/,
    /Failed to find kernel for ([\w.]+)/,
  ];
  return patterns.map((pattern) => pattern.exec(message)?.[1]).find((name) => name !== undefined) ?? null;
}

function withoutSourceFiles(message: string): string {
  const line = message.split("\n")[0] ?? "";
  return line
    .replace(/^Load model from \S+ failed: ?/, "")
    .replace(/\S*\/onnxruntime\/\S+ /g, "")
    .trim();
}
