/** A temporary folder beside the package while it is made. The package's folder has the old package or the complete new one. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { mkdtemp, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { makeFolder, removeEmptyFolders } from "../../../process/make-folder.ts";
import { STOP_SIGNALS } from "../../../process/signals.ts";
import { diskFull, PackError } from "./pack-error.ts";

export interface Staging {
  /** Folder for intermediate files. */
  work: string;
  /** Folder that becomes the package. */
  package: string;
  /** Aborts on a signal, so that child processes are stopped. */
  signal: AbortSignal;
}

/**
 * Runs `work`, then moves the staged package into `out`. The temporary folder is removed on success, on failure and on a signal.
 * @param stale files of an older package in `out`, which are removed
 * @throws the errors of `work`; Error with one sentence if `out` is a file; the file system's own errors
 */
export async function withStaging<T>(
  out: string,
  stale: readonly string[],
  work: (staging: Staging) => Promise<T>,
): Promise<T> {
  const target = await realpath(out).catch(() => resolve(out));
  if ((await stat(target).catch(() => null))?.isDirectory() === false) {
    throw new Error(`${out} is a file; pass a folder for the package.`);
  }
  const parent = dirname(target);
  const firstMade = await makeFolder(parent).catch((error: unknown) => {
    throw writeFailure(error, parent);
  });
  let folder: string | undefined;
  const clean = () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    if (firstMade !== null) removeEmptyFolders(parent, firstMade);
  };
  const interruptions = onInterruption(clean);
  try {
    folder = await mkdtemp(join(parent, `.${basename(target)}-packing-`));
    const staging = { work: join(folder, "work"), package: join(folder, "package"), signal: interruptions.signal };
    mkdirSync(staging.work);
    mkdirSync(staging.package);
    const result = await work(staging);
    replaceFolder(staging.package, target, join(folder, "old"), stale);
    return result;
  } catch (error) {
    throw writeFailure(error, parent);
  } finally {
    clean();
    interruptions.stop();
  }
}

/** Until `stop` is called, a signal that ends this process first aborts `signal` and calls `clean`. */
function onInterruption(clean: () => void): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const stop = () => {
    for (const name of STOP_SIGNALS) process.removeListener(name, interrupted);
  };
  const interrupted = (name: NodeJS.Signals) => {
    controller.abort();
    clean();
    stop();
    // The default action, so that the parent process sees the signal.
    process.kill(process.pid, name);
  };
  for (const name of STOP_SIGNALS) process.on(name, interrupted);
  return { signal: controller.signal, stop };
}

/** The system's errors contain a path in the temporary folder, which users do not know. */
function writeFailure(error: unknown, parent: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return diskFull(error);
  if (
    code === "EACCES" ||
    code === "EPERM" ||
    code === "EROFS" ||
    code === "ENOTDIR" ||
    code === "EEXIST" ||
    code === "ENOENT"
  ) {
    return new PackError(`${parent} cannot be written (${code}); pass another folder with --out.`, error);
  }
  return error;
}

/**
 * Moves every file of `staged` into `target`. The files they replace, and the `stale` files of an older package, are moved to
 * `old`; other files in `target` stay. If a step fails, the steps before it are undone. Synchronous, so that no signal handler
 * runs between two steps. All folders must be on one file system.
 * @throws the file system's own error
 */
export function replaceFolder(staged: string, target: string, old: string, stale: readonly string[]): void {
  if (!existsSync(target)) {
    renameSync(staged, target);
    return;
  }
  mkdirSync(old);
  const written = readdirSync(staged);
  const away = [...new Set([...written, ...stale])].filter((file) => existsSync(join(target, file)));
  const moves = [
    ...away.map((file) => [join(target, file), join(old, file)] as const),
    ...written.map((file) => [join(staged, file), join(target, file)] as const),
  ];
  const done: (readonly [string, string])[] = [];
  try {
    for (const [from, to] of moves) {
      renameSync(from, to);
      done.push([from, to]);
    }
  } catch (error) {
    for (const [from, to] of done.reverse()) renameSync(to, from);
    throw error;
  }
}
