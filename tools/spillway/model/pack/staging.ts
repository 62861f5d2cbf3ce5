/** A folder beside the package for the time of packing: in the package's place stands the old one or the whole new one. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { diskFull, PackError } from "./pack-error.ts";

const INTERRUPTIONS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Staging {
  /** For intermediate files; never part of the package. */
  work: string;
  /** What becomes the package. */
  package: string;
  /** Aborts when the user interrupts: whoever started a process ends it. */
  signal: AbortSignal;
}

/**
 * Runs `work`, then puts the staged package into `out`; `stale` files of an older package there go. Whether it succeeds, fails
 * or is interrupted, nothing of the staging is left.
 * @throws what `work` throws; Error with one sentence when `out` is a file; the file system's own errors
 */
export async function withStaging<T>(
  out: string,
  stale: readonly string[],
  work: (staging: Staging) => Promise<T>,
): Promise<T> {
  const target = await realpath(out).catch(() => resolve(out));
  if ((await stat(target).catch(() => null))?.isDirectory() === false) {
    throw new Error(`${out} is a file; name a folder for the package.`);
  }
  const parent = dirname(target);
  const firstMade = await mkdir(parent, { recursive: true }).catch((error: unknown) => {
    throw writeFailure(error, parent);
  });
  let folder: string | undefined;
  const clean = () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    if (firstMade !== undefined) removeEmpty(parent, firstMade);
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

/** From now to `stop`, a signal that ends this process first aborts `signal` and calls `clean`. */
function onInterruption(clean: () => void): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const stop = () => {
    for (const name of INTERRUPTIONS) process.removeListener(name, interrupted);
  };
  const interrupted = (name: NodeJS.Signals) => {
    controller.abort();
    clean();
    stop();
    // The default action, so that the caller sees which signal it was.
    process.kill(process.pid, name);
  };
  for (const name of INTERRUPTIONS) process.on(name, interrupted);
  return { signal: controller.signal, stop };
}

/** Removes `folder` and those above it up to `first`, as long as they are empty. */
function removeEmpty(folder: string, first: string): void {
  try {
    for (let empty = folder; empty.length >= first.length; empty = dirname(empty)) rmdirSync(empty);
  } catch {
    // Something is in it: the package, or what others put there.
  }
}

/** The system's errors name a file of the staging, which means nothing to people. */
function writeFailure(error: unknown, parent: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return diskFull(error);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return new PackError(`${parent} cannot be written (${code}); choose another place with --out.`, error);
  }
  return error;
}

/** Puts a staged package where it belongs. Without an await, so that no signal comes between two of its steps. */

/**
 * Moves every file of `staged` into `target`. What they replace, and the `stale` files of an older package, are moved to `old`;
 * other files in `target` stay. All of it or none: when a step fails, the steps before it are taken back.
 * All four on one file system. @throws the file system's own error
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
