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

/** Pure. What ONNX Runtime says of a model, as one sentence for people: its own messages name its source files. */

/** `runtime` is what failed, "The edge's ONNX Runtime"; `advice` what to do about it. */
export function ortFailure(runtime: string, path: string, advice: string, error: unknown): PackError {
  const message = error instanceof Error ? error.message : String(error);
  // All that its writer says of a full disk.
  if (/No space left|Failed to save ORT format/.test(message)) return diskFull(error);
  const operator = missingOperator(message);
  if (operator !== null)
    return new PackError(`${runtime} has no operator ${operator}, which ${path} needs; ${advice}.`, error);
  return new PackError(`${runtime} cannot run ${path} (${withoutSourceFiles(message)}); ${advice}.`, error);
}

/** The operator that a message says is missing: unknown by name, or without code for these types. */
export function missingOperator(message: string): string | null {
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
