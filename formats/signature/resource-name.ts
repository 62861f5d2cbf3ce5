/** The names of files in a signature: relative paths in canonical form (OpenSSF Model Signing v1.0 §6.1.2). */

/** Whether a name is canonical and inside the folder: "a/b.json" is; "/a", "../a", "a//b", "./a", "a/", "a\\b" and "." are not. */
export function isCanonicalName(name: string): boolean {
  // No control characters, and no half of a surrogate pair, which UTF-8 cannot encode.
  if (/[\\\p{Cc}]/u.test(name) || !name.isWellFormed()) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** The specification's order, by Unicode code points. JavaScript's own order, by UTF-16 units, differs beyond U+FFFF. */
export function compareByCodePoints(a: string, b: string): number {
  return compareLists(Array.from(a), Array.from(b), (x, y) => (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0));
}

/** The reference implementation's order, by path components: "a/b" comes before "a.txt". */
export function compareByComponents(a: string, b: string): number {
  return compareLists(a.split("/"), b.split("/"), compareByCodePoints);
}

/** Whether each name comes after the one before it; so no name occurs twice. */
export function isAscending(names: readonly string[], compare: (a: string, b: string) => number): boolean {
  return names.every((name, at) => {
    const before = names[at - 1];
    return before === undefined || compare(before, name) < 0;
  });
}

/** Whether the path is the entry or lies under it. */
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
