/** Runs labelled texts through the models of a package, on the runtimes that serve them. */
import type { TextOrPair } from "../../../../formats/tokenizer/tokenizer.ts";
import {
  type Agreement,
  agreementOf,
  DEFAULT_THRESHOLD,
  type LabelledPrediction,
  type Quality,
  qualityOf,
} from "./quality.ts";
import { type BothRuntimes, hasEdge, type Prediction, type Runtimes } from "./runtimes.ts";

interface Input {
  text: string;
  /** The second text of a pair. */
  textPair?: string;
}

export interface LabelledText extends Input {
  label: string;
}

/** A text for a multi-label model, with any number of labels. */
export interface MultiLabelledText extends Input {
  labels: readonly string[];
}

/** What is null needs an edge model, which a package for the origin only does not have, or at least one text or pair that fits in it. */
export interface Evaluation {
  model: string;
  problemType: Runtimes["problemType"];
  /** The lowest score of a predicted label; null for a single-label model, which predicts one. */
  threshold: number | null;
  edgeTokens: number | null;
  /** Pairs that are longer than the package's window: the gateway refuses them, so they are part of no figure. */
  refusedPairs: number;
  /** INT8 on each text's first tokens, as many as fit at the edge. A pair is not cut: one that does not fit is left out. */
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
  const served = texts.filter((labelled) => isServed(inputOf(labelled), runtimes));
  const refusedPairs = texts.length - served.length;
  if (served.length === 0) {
    throw new Error(`Every pair has more than ${runtimes.windowTokens} tokens, the most that the model runs at once.`);
  }
  const known = {
    model,
    problemType,
    threshold: problemType === "multi_label_classification" ? threshold : null,
    refusedPairs,
  };
  const advance = (done: number) => progress(refusedPairs + done);
  return hasEdge(runtimes)
    ? { ...known, ...(await onBoth(runtimes, served, advance, threshold)) }
    : { ...known, ...(await onOrigin(runtimes, served, advance, threshold)) };
}

function isServed(input: TextOrPair, { countTokens, windowTokens }: Runtimes): boolean {
  return typeof input === "string" || countTokens(input) <= windowTokens;
}

function inputOf({ text, textPair }: Labelled): TextOrPair {
  return textPair === undefined ? text : { text, textPair };
}

type Results = Omit<Evaluation, "model" | "problemType" | "threshold" | "refusedPairs">;

const NOTHING_COMPARED = { edge: null, originSameInputs: null, agreement: null, lossPoints: null };

async function onOrigin(
  runtimes: Runtimes,
  texts: readonly Labelled[],
  progress: (done: number) => void,
  threshold: number,
): Promise<Results> {
  const whole: LabelledPrediction[] = [];
  for (const [index, labelled] of texts.entries()) {
    whole.push({ truth: truthOf(labelled), prediction: await runtimes.originWhole(inputOf(labelled)) });
    progress(index + 1);
  }
  const originWhole = qualityOf(whole, runtimes.labels, threshold);
  return { ...NOTHING_COMPARED, edgeTokens: null, originWhole, asServed: originWhole };
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
    const input = inputOf(labelled);
    const fits = runtimes.countTokens(input) <= edgeTokens;
    if (fits || typeof input === "string") {
      // The origin's threads work while the edge's wasm blocks this one.
      const ofOrigin = bothOnOrigin(runtimes, input, fits);
      const ofEdge = await runtimes.edge(input, edgeTokens);
      const { same, all } = await ofOrigin;
      add(edge, ofEdge);
      add(origin, same);
      add(whole, all);
      add(served, fits ? ofEdge : all);
    } else {
      const all = await runtimes.originWhole(input);
      add(whole, all);
      add(served, all);
    }
    progress(index + 1);
  }
  const quality = (of: readonly LabelledPrediction[]) => qualityOf(of, labels, threshold);
  const results = { edgeTokens, originWhole: quality(whole), asServed: quality(served) };
  if (edge.length === 0) return { ...results, ...NOTHING_COMPARED };
  const [atEdge, originSameInputs] = [quality(edge), quality(origin)];
  return {
    ...results,
    edge: atEdge,
    originSameInputs,
    agreement: agreementOf(edge, origin, threshold),
    lossPoints: originSameInputs.accuracyPercent - atEdge.accuracyPercent,
  };
}

async function bothOnOrigin(runtimes: BothRuntimes, text: TextOrPair, fits: boolean) {
  const same = await runtimes.origin(text, runtimes.edgeTokens);
  return { same, all: fits ? same : await runtimes.originWhole(text) };
}

function truthOf(labelled: Labelled): LabelledPrediction["truth"] {
  return "labels" in labelled ? labelled.labels : labelled.label;
}
