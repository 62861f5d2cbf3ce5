/** Two versions of the policy, or two models, side by side. Pure. */
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import { type Arm, recordedArms, type Series } from "../../formats/ledger/series.ts";
import { shortModelId } from "../../formats/model-package/names.ts";
import { type Agreement, agreementOf } from "./agreement.ts";
import { type Comparison, compareTexts } from "./comparison.ts";
import { countTexts, type TextFigures } from "./text-figures.ts";
import { tally } from "./traffic.ts";

export interface Version {
  name: string;
  texts: number;
}

export interface VersionFigures {
  name: string;
  texts: number;
  arms: Record<Arm, TextFigures>;
  agreement: Agreement;
}

export interface VersionComparison {
  by: "policy" | "model";
  first: VersionFigures;
  second: VersionFigures;
  /** The second version against the first, arm by arm. They ran at different times: other texts may have come. */
  differences: Record<Arm, Comparison>;
}

/** Both versions as a head of a column: policy 6, mail-tagger@9f2c9f2c9f2c; only the digests of two versions of one model. */
export function namesOf({ by, first, second }: Pick<VersionComparison, "by" | "first" | "second">): [string, string] {
  if (by === "policy") return [`policy ${first.name}`, `policy ${second.name}`];
  const [a, b] = [shortModelId(first.name), shortModelId(second.name)];
  const [name] = a.split("@");
  return b.startsWith(`${name}@`) ? [a.slice(a.indexOf("@")), b.slice(b.indexOf("@"))] : [a, b];
}

/** The ledger has no texts of a version that was asked for. */
export class UnknownVersion extends Error {
  constructor(name: string, by: string, known: readonly Version[]) {
    const list = known.map((one) => `${one.name} (${one.texts})`).join(", ");
    super(
      known.length === 0
        ? `No text was counted in this time, so there is no ${by} "${name}" to compare.`
        : `No text was counted with ${by} "${name}" in this time. Counted, with texts: ${list}.`,
    );
  }
}

/** With their texts, in the order of their names. */
export function versionsOf(cells: Iterable<SeriesCell>, by: "policy" | "model"): Version[] {
  const isNamed = (series: Series) => series.kind === "text" && series[by] !== "";
  return tally(cells, isNamed, (series) => series[by])
    .map(([name, texts]) => ({ name, texts }))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/**
 * @param names two versions of the policy as numbers, or two models by the start of their ids
 * @throws UnknownVersion
 */
export function compareVersions(cells: readonly SeriesCell[], names: readonly [string, string]): VersionComparison {
  const by = names.every((name) => /^\d+$/.test(name)) ? "policy" : "model";
  const known = versionsOf(cells, by);
  const [first, second] = [named(names[0], by, known), named(names[1], by, known)];
  const arm = (name: string, arm: Arm) => {
    const recorded: readonly string[] = recordedArms(arm);
    return countTexts(cells, (series) => series[by] === name && recorded.includes(series.arm));
  };
  const difference = (one: Arm) => compareTexts(arm(second.name, one), arm(first.name, one));
  const figures = ({ name, texts }: Version): VersionFigures => ({
    name,
    texts,
    arms: {
      inside: arm(name, "inside").figures,
      outside: arm(name, "outside").figures,
      ineligible: arm(name, "ineligible").figures,
    },
    agreement: agreementOf(cells, (series: Series) => series[by] === name),
  });
  return {
    by,
    first: figures(first),
    second: figures(second),
    differences: {
      inside: difference("inside"),
      outside: difference("outside"),
      ineligible: difference("ineligible"),
    },
  };
}

function named(name: string, by: "policy" | "model", known: readonly Version[]): Version {
  const found = known.find((one) => one.name === name) ?? known.find((one) => by === "model" && startsAlike(one, name));
  if (found === undefined) throw new UnknownVersion(name, by, known);
  return found;
}

/** The full id of a model and the short one of x-spillway-model are of one model. */
function startsAlike({ name }: Version, given: string): boolean {
  return name.startsWith(given) || given.startsWith(name);
}
