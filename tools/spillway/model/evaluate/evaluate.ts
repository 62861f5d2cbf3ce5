/** Runs labelled texts through the models of a package, on the runtimes that serve them. */
import {
  type Agreement,
  agreementOf,
  DEFAULT_THRESHOLD,
  type LabelledPrediction,
  type Quality,
  qualityOf,
} from "./quality.ts";
import { type BothRuntimes, hasEdge, type Prediction, type Runtimes } from "./runtimes.ts";

export interface LabelledText {
  text: string;
  label: string;
}

/** A text for a multi-label model, with any number of labels. */
export interface MultiLabelledText {
  text: string;
  labels: readonly string[];
}

/** What is null needs an edge model, which a package for the origin only does not have. */
export interface Evaluation {
  model: string;
  problemType: Runtimes["problemType"];
  /** The lowest score of a predicted label; null for a single-label model, which predicts one. */
  threshold: number | null;
  edgeTokens: number | null;
  /** INT8 on each text's first tokens, as many as fit at the edge. */
  edge: Quality | null;
  /** FP32 on the same first tokens. */
  originSameInputs: Quality | null;
  /** FP32 on whole texts. */
  originWhole: Quality;
  /** What callers receive: the edge's prediction if the text fits, otherwise the origin's, window by window. */
  asServed: Quality;
  /** INT8 against FP32 on the same inputs. */
  agreement: Agreement | null;
  /** Points of accuracy that INT8 loses against FP32 on the same inputs; negative if it gains. */
  lossPoints: number | null;
}

type Labelled = LabelledText | MultiLabelledText;

/**
 * @param texts of the kind that the model's problem type needs
 * @param progress receives the number of texts done so far
 * @param threshold for a multi-label model
 */
export async function evaluate(
  runtimes: Runtimes,
  texts: readonly Labelled[],
  progress: (done: number) => void,
  threshold: number = DEFAULT_THRESHOLD,
): Promise<Evaluation> {
  const { modelId: model, problemType } = runtimes;
  const known = { model, problemType, threshold: problemType === "multi_label_classification" ? threshold : null };
  return hasEdge(runtimes)
    ? { ...known, ...(await onBoth(runtimes, texts, progress, threshold)) }
    : { ...known, ...(await onOrigin(runtimes, texts, progress, threshold)) };
}

type Results = Omit<Evaluation, "model" | "problemType" | "threshold">;

async function onOrigin(
  runtimes: Runtimes,
  texts: readonly Labelled[],
  progress: (done: number) => void,
  threshold: number,
): Promise<Results> {
  const whole: LabelledPrediction[] = [];
  for (const [index, labelled] of texts.entries()) {
    whole.push({ truth: truthOf(labelled), prediction: await runtimes.originWhole(labelled.text) });
    progress(index + 1);
  }
  const originWhole = qualityOf(whole, runtimes.labels, threshold);
  const none = { edgeTokens: null, edge: null, originSameInputs: null, agreement: null, lossPoints: null };
  return { ...none, originWhole, asServed: originWhole };
}

async function onBoth(
  runtimes: BothRuntimes,
  texts: readonly Labelled[],
  progress: (done: number) => void,
  threshold: number,
): Promise<Results> {
  const { labels, edgeTokens } = runtimes;
  const edge: LabelledPrediction[] = [];
  const origin: LabelledPrediction[] = [];
  const whole: LabelledPrediction[] = [];
  const served: LabelledPrediction[] = [];
  for (const [index, labelled] of texts.entries()) {
    const truth = truthOf(labelled);
    const add = (to: LabelledPrediction[], prediction: Prediction) => to.push({ truth, prediction });
    const fits = runtimes.countTokens(labelled.text) <= edgeTokens;
    // The origin's threads work while the edge's wasm blocks this one.
    const ofOrigin = bothOnOrigin(runtimes, labelled.text, fits);
    const ofEdge = await runtimes.edge(labelled.text, edgeTokens);
    const { same, all } = await ofOrigin;
    add(edge, ofEdge);
    add(origin, same);
    add(whole, all);
    add(served, fits ? ofEdge : all);
    progress(index + 1);
  }
  const quality = (of: readonly LabelledPrediction[]) => qualityOf(of, labels, threshold);
  const [atEdge, originSameInputs] = [quality(edge), quality(origin)];
  return {
    edgeTokens,
    edge: atEdge,
    originSameInputs,
    originWhole: quality(whole),
    asServed: quality(served),
    agreement: agreementOf(edge, origin, threshold),
    lossPoints: originSameInputs.accuracyPercent - atEdge.accuracyPercent,
  };
}

async function bothOnOrigin(runtimes: BothRuntimes, text: string, fits: boolean) {
  const same = await runtimes.origin(text, runtimes.edgeTokens);
  return { same, all: fits ? same : await runtimes.originWhole(text) };
}

function truthOf(labelled: Labelled): LabelledPrediction["truth"] {
  return "labels" in labelled ? labelled.labels : labelled.label;
}
