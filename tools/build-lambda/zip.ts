/** A zip with the same bytes for the same files, on every machine: fixed times, modes and order, and a compressor in JavaScript. */
import { unzipSync, type Zippable, zipSync } from "fflate";

/** The first day that a zip can name. It has local times, and so this is one: asked for anew, as the zone is a variable. */
const firstDay = () => new Date(1980, 0, 1, 12);
const UNIX = 3;
/** A plain file that everybody may read: Lambda runs the function as another user than the one who packed it. */
const READABLE = 0o100644 << 16;

/** Weights and machine code hardly give way to more effort: level 6 takes twice the time for 2 % less. */
const LEVEL = 1;

export type Contents = ReadonlyMap<string, Uint8Array>;

export function zip(contents: Contents): Uint8Array {
  const entries: Zippable = {};
  const mtime = firstDay();
  for (const name of [...contents.keys()].sort()) {
    const bytes = contents.get(name);
    if (bytes) entries[name] = [bytes, { mtime, os: UNIX, attrs: READABLE, level: LEVEL }];
  }
  return zipSync(entries);
}

export function unzip(bytes: Uint8Array): Contents {
  return new Map(Object.entries(unzipSync(bytes)));
}
