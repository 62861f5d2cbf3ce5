/** The share that the policies asked for, and the share that the arms got. Pure. */
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import { sampleRatioP } from "../statistics/sample-ratio.ts";

/** What the report needs of a version of the policy. */
export interface PolicyFacts {
  /** As the ledger has it. */
  version: string;
  /** Percent of eligible texts for the edge. */
  sharePercent: number;
  /** `text`, `request`, `api-key` or `header:<name>`. */
  stickyBy: string;
}

export interface VersionSplit {
  policy: string;
  inside: number;
  outside: number;
  /** Null where the version is not known. */
  askedPercent: number | null;
  stickyBy: string | null;
}

export interface Split {
  /** Of eligible texts; null without any. */
  achievedPercent: number | null;
  /** Of the versions, weighted by their eligible texts; null where one is not known. */
  askedPercent: number | null;
  /** Probability of a split at least this far from the asked one, by chance; null where no version splits. */
  sampleRatioP: number | null;
  /** Callers, keys or headers are split, not texts: texts of one caller are in one arm, and count as if they were independent. */
  isByCaller: boolean;
  versions: VersionSplit[];
}

const EVERY_TEXT = ["text", "request"];

/** The split of eligible texts by version, in the order of their first cell. */
export function splitOf(cells: Iterable<SeriesCell>, policies: readonly PolicyFacts[]): Split {
  const versions = new Map<string, VersionSplit>();
  for (const { series, cell } of cells) {
    if (series.kind !== "text" || series.arm === "ineligible" || series.arm === "") continue;
    const version = versions.get(series.policy) ?? startOf(series.policy, policies);
    versions.set(series.policy, version);
    version[series.arm === "inside" ? "inside" : "outside"] += cell.n;
  }
  const all = [...versions.values()].sort((a, b) => a.policy.localeCompare(b.policy, "en", { numeric: true }));
  const inside = all.reduce((sum, one) => sum + one.inside, 0);
  const eligible = all.reduce((sum, one) => sum + one.inside + one.outside, 0);
  const asked = all.map((one) => (one.askedPercent === null ? null : one.askedPercent * (one.inside + one.outside)));
  const isByCaller = all.some(({ stickyBy }) => stickyBy !== null && !EVERY_TEXT.includes(stickyBy));
  return {
    achievedPercent: eligible === 0 ? null : (100 * inside) / eligible,
    askedPercent: eligible === 0 ? null : sumOrNull(asked, eligible),
    sampleRatioP: sampleRatioP(
      all.flatMap(({ askedPercent, ...counts }) =>
        askedPercent === null || askedPercent === 0 || askedPercent === 100
          ? []
          : [{ ...counts, part: askedPercent / 100 }],
      ),
    ),
    isByCaller,
    versions: all,
  };
}

function startOf(policy: string, policies: readonly PolicyFacts[]): VersionSplit {
  const facts = policies.find(({ version }) => version === policy);
  return {
    policy,
    inside: 0,
    outside: 0,
    askedPercent: facts?.sharePercent ?? null,
    stickyBy: facts?.stickyBy ?? null,
  };
}

function sumOrNull(values: readonly (number | null)[], divisor: number): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum / divisor;
}
