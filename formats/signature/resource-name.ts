/** The names of files in a signature: relative paths, written in one way only (OpenSSF Model Signing v1.0 §6.1.2). */

/** Canonical and inside the folder: "a/b.json", but not "/a", "../a", "a//b", "./a", "a/", "a\\b" or "." */
export function isCanonicalName(name: string): boolean {
  // Control characters have no place in a file's name, and half a surrogate pair cannot be one in UTF-8.
  if (/[\\\p{Cc}]/u.test(name) || !name.isWellFormed()) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** The specification's order: by Unicode code points. JavaScript's own, by UTF-16 units, differs beyond U+FFFF. */
export function compareByCodePoints(a: string, b: string): number {
  return compareLists(Array.from(a), Array.from(b), (x, y) => (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0));
}

/** The reference implementation's order: by path components, so that "a/b" comes before "a.txt". */
export function compareByComponents(a: string, b: string): number {
  return compareLists(a.split("/"), b.split("/"), compareByCodePoints);
}

/** Whether each name comes after the one before it, which also says that there are no two of the same. */
export function isAscending(names: readonly string[], compare: (a: string, b: string) => number): boolean {
  return names.every((name, at) => {
    const before = names[at - 1];
    return before === undefined || compare(before, name) < 0;
  });
}

/** Whether the path is the entry itself or lies under it. */
export function isAtOrUnder(entry: string, path: string): boolean {
  return path === entry || path.startsWith(`${entry}/`);
}

function compareLists(a: readonly string[], b: readonly string[], compare: (x: string, y: string) => number): number {
  for (const [at, x] of a.entries()) {
    const y = b[at];
    const order = y === undefined ? 1 : compare(x, y);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
