/** Puts a staged package where it belongs. Without an await, so that no signal comes between two of its steps. */
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";

/**
 * Moves every file of `staged` into `target`. What they replace, and the `stale` files of an older package, are moved to `old`;
 * other files in `target` stay. All of it or none: when a step fails, the steps before it are taken back.
 * All four on one file system. @throws the file system's own error
 */
export function putInPlace(staged: string, target: string, old: string, stale: readonly string[]): void {
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
