/** Files that people write, download or check out: read whole, or refused with the file's name and the cause. */
import { readFile } from "node:fs/promises";
import { type Json, parseJson, withoutByteOrderMark } from "../../formats/json.ts";
import { describeJsonPlace } from "../../policies/messages/json-place.ts";

const LFS_POINTER = "version https://git-lfs.github.com/spec/";

/** Whether the bytes are what a checkout without Git LFS has in place of a file. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, LFS_POINTER.length)) === LFS_POINTER;
}

/** The sentence for such a file. */
export function lfsPointerProblem(name: string): string {
  return `${name} is a Git LFS pointer, not the file itself; fetch it first: git lfs pull`;
}

/**
 * Why a file cannot be text as it begins, as one sentence: a Git LFS pointer, or UTF-16.
 * @param first bytes of the file, at least 64 if it has as many
 * @returns null if nothing is wrong with them
 */
export function unreadableText(name: string, first: Uint8Array): string | null {
  if (isLfsPointer(first)) return lfsPointerProblem(name);
  const [one, other] = first;
  const isUtf16 = (one === 0xff && other === 0xfe) || (one === 0xfe && other === 0xff);
  return isUtf16 ? `${name} is UTF-16, as PowerShell's > writes it; save it as UTF-8.` : null;
}

/**
 * The bytes of a user's file.
 * @throws Error with one sentence for a Git LFS pointer or a folder; the file system's own errors, which name the path
 */
export async function readUserFile(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((error: unknown) => {
    // This error has no path.
    const isFolder = error instanceof Error && "code" in error && error.code === "EISDIR";
    throw isFolder ? new Error(`${path} is a folder; pass a file.`) : error;
  });
  if (isLfsPointer(bytes)) throw new Error(lfsPointerProblem(path));
  return bytes;
}

/**
 * The text of a user's file, without a byte order mark. Line ends are kept: JSON, JSON Lines and PEM allow CRLF.
 * @throws Error with one sentence for a Git LFS pointer, a folder, or a file that is not UTF-8; the file system's own errors
 */
export async function readUserText(path: string): Promise<string> {
  const bytes = await readUserFile(path);
  const problem = unreadableText(path, bytes);
  if (problem !== null) throw new Error(problem);
  try {
    return withoutByteOrderMark(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new Error(`${path} is not UTF-8; save it as UTF-8.`);
  }
}

/**
 * @param text as `readUserText` returns it
 * @param advice the next step
 * @throws Error with one sentence and the place, if the text is not JSON. Python writes NaN and Infinity, which are none
 */
export function parseUserJson(path: string, text: string, advice: string): Json {
  const value = parseJson(text);
  if (value !== undefined) return value;
  const place = text.trim() === "" ? "it is empty" : describeJsonPlace(text);
  throw new Error(`${path} is not JSON: ${place}; ${advice}.`);
}
