/**
 * Pure. Groups texts that are the same mail except for a name, a number or a footer. Deterministic. Compares all pairs instead of
 * MinHash: with an index from shingle to texts, 6,000 mails take seconds, and no pair is missed.
 */
export const similarityThreshold = 0.5;
const shingleWords = 4;

/** Sequences of four words, without digits and links, which mass mailings vary. */
export function shingles(text: string): Set<string> {
  const words = text
    .toLowerCase()
    .replace(/\bhttps?:\S+/g, " ")
    .match(/\p{L}+/gu) ?? [text.trim()];
  if (words.length < shingleWords) return new Set([words.join(" ")]);
  const runs = new Set<string>();
  for (let at = 0; at + shingleWords <= words.length; at++) runs.add(words.slice(at, at + shingleWords).join(" "));
  return runs;
}

/** Jaccard similarity, 0 to 1. */
export function similarity(one: Set<string>, other: Set<string>): number {
  const [few, many] = one.size < other.size ? [one, other] : [other, one];
  let shared = 0;
  for (const shingle of few) if (many.has(shingle)) shared++;
  return shared / (one.size + other.size - shared);
}

/** @returns for each text the index of its group's first text. Near-duplication is transitive: a ~ b ~ c are one group. */
export function groupNearDuplicates(texts: string[]): number[] {
  const sets = texts.map(shingles);
  const parents = texts.map((_, at) => at);
  const textsByShingle = new Map<string, number[]>();
  sets.forEach((set, at) => {
    for (const [earlier, shared] of countShared(set, textsByShingle)) {
      const union = set.size + (sets[earlier]?.size ?? 0) - shared;
      if (shared / union >= similarityThreshold) join(parents, earlier, at);
    }
    for (const shingle of set) {
      const having = textsByShingle.get(shingle);
      if (having === undefined) textsByShingle.set(shingle, [at]);
      else having.push(at);
    }
  });
  return parents.map((_, at) => root(parents, at));
}

function countShared(set: Set<string>, textsByShingle: Map<string, number[]>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const shingle of set) {
    for (const earlier of textsByShingle.get(shingle) ?? []) counts.set(earlier, (counts.get(earlier) ?? 0) + 1);
  }
  return counts;
}

function root(parents: number[], at: number): number {
  let top = at;
  for (let parent = parents[top]; parent !== undefined && parent !== top; parent = parents[top]) top = parent;
  return top;
}

function join(parents: number[], one: number, other: number): void {
  const [low, high] = [root(parents, one), root(parents, other)].sort((a, b) => a - b);
  if (low !== undefined && high !== undefined) parents[high] = low;
}
