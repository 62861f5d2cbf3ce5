/** Pure. Whether callers get other labels from an origin than from the edge. */
import type { Manifest } from "./manifest.ts";

/** What the answers of a model mean. */
export type Meaning = Pick<Manifest, "problemType"> & { labels: readonly string[] };

export const MISMATCHES = ["labels-differ", "problem-type-differs"] as const;

export interface Mismatch {
  /** For the trace, which holds codes and never the labels of an origin. */
  code: (typeof MISMATCHES)[number];
  /** For operators. */
  sentence: string;
}

const LABELS_SHOWN_MAX = 8;

/**
 * Null if the two agree, or while one of them is unknown. Two models may differ in everything else, as a newer version on one side
 * does, and in the order of their labels, since an answer's row is sorted by score.
 */
export function mismatch(origin: Meaning | null, edge: Meaning | null): Mismatch | null {
  if (origin === null || edge === null) return null;
  if (!sameLabels(origin, edge)) {
    const sentence = `labels differ from the edge's: origin ${shown(origin, edge)}, edge ${shown(edge, origin)}`;
    return { code: "labels-differ", sentence };
  }
  if (origin.problemType === edge.problemType) return null;
  const sentence = `problem type differs from the edge's: origin ${origin.problemType}, edge ${edge.problemType}`;
  return { code: "problem-type-differs", sentence };
}

function sameLabels(one: Meaning, other: Meaning): boolean {
  return new Set(one.labels).symmetricDifference(new Set(other.labels)).size === 0;
}

/** Of many labels, those that the other side does not have come first. */
function shown({ labels }: Meaning, other: Meaning): string {
  const theirs = new Set(other.labels);
  const all =
    labels.length <= LABELS_SHOWN_MAX
      ? labels
      : labels.toSorted((a, b) => Number(theirs.has(a)) - Number(theirs.has(b)));
  const hiddenCount = all.length - LABELS_SHOWN_MAX;
  return `[${[...all.slice(0, LABELS_SHOWN_MAX), ...(hiddenCount > 0 ? [`${hiddenCount} more`] : [])].join(", ")}]`;
}
