/** Creates a folder and its parents, and removes what was created for nothing. */
import { rmdirSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Node's own `mkdir` with `recursive` never ends where a file system refuses new folders with ENOENT, as `/proc` does.
 * @returns the topmost folder that it created; null if the folder exists
 * @throws the file system's own error, which names the path: ENOENT, EACCES, EROFS; EEXIST or ENOTDIR at a file
 */
export async function makeFolder(path: string): Promise<string | null> {
  const folder = resolve(path);
  if (await isFolder(folder)) return null;
  const parent = dirname(folder);
  const firstMade = parent === folder ? null : await makeFolder(parent);
  try {
    await mkdir(folder);
    return firstMade ?? folder;
  } catch (error) {
    // Another process may have created it since.
    if (await isFolder(folder)) return firstMade;
    throw error;
  }
}

/**
 * Removes empty folders. Synchronous, so that it can run while the process exits.
 * @param folder absolute path
 * @param first as `makeFolder` has returned it: the topmost folder to remove
 */
export function removeEmptyFolders(folder: string, first: string): void {
  try {
    for (let empty = folder; empty.length >= first.length; empty = dirname(empty)) rmdirSync(empty);
  } catch {
    // Not empty.
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
