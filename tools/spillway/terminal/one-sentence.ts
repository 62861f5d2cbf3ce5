/** An error as one sentence for the user. System errors are replaced by what to do. */

const SENTENCES: Record<string, string> = {
  ENOENT: "No such file or folder",
  EACCES: "Permission denied",
  ENOSPC: "The disk is full and nothing was written; free some space and retry",
  EISDIR: "Expected a file, found a folder",
  ENOTDIR: "Expected a folder, found a file",
};

/** @returns the error's message, or a sentence with the path for a system error */
export function oneSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  const sentence = code === undefined ? undefined : SENTENCES[code];
  if (sentence === undefined) return error.message;
  // Some errors of a full disk have no path.
  return path === undefined ? `${sentence}.` : `${sentence}: ${path}`;
}
