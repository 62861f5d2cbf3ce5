/** A candidate beside the policy's model, for one version of the policy: what a model's rollout is judged by. Pure. */
import type { IsolateRow } from "../../formats/ledger/answer.ts";
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import type { Histogram } from "../../formats/ledger/histogram.ts";
import type { Series } from "../../formats/ledger/series.ts";
import { agreementOf } from "./agreement.ts";
import { countTexts } from "./text-figures.ts";

export interface ModelFigures {
  /**
   * Answered and failed texts of the inside arm in isolates that run the model or are to run it, whichever side answered. A text that waits for
   * a load or spills to an origin counts for the model that its isolate was assigned.
   */
  arm: { n: number; failures: number; times: Histogram };
  /** Texts that the model itself answered, of all arms. */
  answered: number;
  /** Shadow comparisons of the model with an origin. */
  comparisons: { compared: number; disagreed: number };
}

export interface CandidateFigures {
  candidate: ModelFigures;
  /** Of every other model at the edge: the control plane does not know the deployment's model, which serves if the policy names none. */
  incumbent: ModelFigures;
  /** Why isolates rejected the candidate, by reason, the most frequent first; empty if none did. */
  rejections: { reason: string; isolates: number }[];
}

export interface CandidateQuestion {
  /** The version, as the ledger has it. */
  policy: string;
  /** `<name>@<sha256>` */
  candidate: string;
}

/**
 * @param cells of the time in which the version was in force, or of any time: other versions are left out
 * @param isolates of the answer. An isolate repeats its rejection in each message, so one whose first message was lost counts too
 */
export function candidateFigures(
  { cells, isolates }: { cells: readonly SeriesCell[]; isolates: readonly IsolateRow[] },
  { policy, candidate }: CandidateQuestion,
): CandidateFigures {
  const isOurs = (series: Series) => series.policy === policy && series.model !== "";
  const figures = (isModel: (series: Series) => boolean): ModelFigures => {
    const ours = (series: Series) => isOurs(series) && isModel(series);
    const { figures, times } = countTexts(cells, (series) => ours(series) && series.arm === "inside", "assigned");
    const answered = countTexts(cells, (series) => ours(series) && series.side === "edge").figures.answered;
    const { compared, disagreed } = agreementOf(cells, ours);
    const n = figures.answered + figures.failures;
    return { arm: { n, failures: figures.failures, times }, answered, comparisons: { compared, disagreed } };
  };
  return {
    candidate: figures(({ model }) => model === candidate),
    incumbent: figures(({ model }) => model !== candidate),
    rejections: rejectionsOf({ cells, isolates }, { policy, candidate }),
  };
}

function rejectionsOf(
  { cells, isolates }: { cells: Iterable<SeriesCell>; isolates: readonly IsolateRow[] },
  { policy, candidate: model }: CandidateQuestion,
): CandidateFigures["rejections"] {
  const counted = new Map<string, number>();
  for (const { series, cell } of cells) {
    if (series.kind !== "rejection" || series.policy !== policy || series.model !== model) continue;
    counted.set(series.because, (counted.get(series.because) ?? 0) + cell.n);
  }
  const listed = new Map<string, number>();
  for (const isolate of isolates) {
    const { candidate } = isolate;
    if (String(isolate.policy) !== policy || candidate?.model !== model || candidate.state !== "rejected") continue;
    const reason = candidate.reason ?? "no reason given";
    listed.set(reason, (listed.get(reason) ?? 0) + 1);
  }
  const reasons = [...new Set([...counted.keys(), ...listed.keys()])];
  return reasons
    .map((reason) => ({ reason, isolates: Math.max(counted.get(reason) ?? 0, listed.get(reason) ?? 0) }))
    .sort((a, b) => b.isolates - a.isolates);
}
