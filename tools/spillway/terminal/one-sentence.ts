/** What a person needs to know of an error: its first sentence, and for what the system said, what to do. */

const NEXT_STEP: Record<string, string> = {
  ENOENT: "There is no such file or folder",
  EACCES: "Not allowed to use",
  ENOSPC: "The disk is full, and nothing was written; free some space and try again",
  EISDIR: "A file is expected, but this is a folder",
  ENOTDIR: "A folder is expected, but this is a file",
};

export function oneSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  const next = code === undefined ? undefined : NEXT_STEP[code];
  if (next === undefined) return error.message;
  // Some errors of a full disk name no path, and their own message would only say the same in other words.
  return path === undefined ? `${next}.` : `${next}: ${path}`;
}
