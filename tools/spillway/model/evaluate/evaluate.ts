/** Runs labelled texts through both models of a package, on the runtimes that serve them. */
import { type Agreement, agreementOf, type LabelledPrediction, type Quality, qualityOf } from "./quality.ts";
import type { Prediction, Runtimes } from "./runtimes.ts";

export interface LabelledText {
  text: string;
  label: string;
}

/** A text for a multi-label model, with any number of labels. */
export interface MultiLabelledText {
  text: string;
  labels: readonly string[];
}

export interface Evaluation {
  model: string;
  edgeTokens: number;
  /** INT8 on each text's first tokens, as many as fit at the edge. */
  edge: Quality;
  /** FP32 on the same first tokens. */
  originSameInputs: Quality;
  /** FP32 on whole texts. */
  originWhole: Quality;
  /** What callers receive: the edge's prediction if the text fits, otherwise the origin's, window by window. */
  asServed: Quality;
  /** INT8 against FP32 on the same inputs. */
  agreement: Agreement;
  /** Points of accuracy that INT8 loses against FP32 on the same inputs; negative if it gains. */
  lossPoints: number;
}

/** @param progress receives the number of texts done so far */
export async function evaluate(
  runtimes: Runtimes,
  texts: readonly (LabelledText | MultiLabelledText)[],
  progress: (done: number) => void,
): Promise<Evaluation> {
  const { labels, edgeTokens, modelId } = runtimes;
  const results: Record<"edge" | "origin" | "whole" | "served", LabelledPrediction[]> = {
    edge: [],
    origin: [],
    whole: [],
    served: [],
  };
  for (const [index, labelled] of texts.entries()) {
    const { text } = labelled;
    const truth = "labels" in labelled ? labelled.labels : labelled.label;
    const add = (to: LabelledPrediction[], prediction: Prediction) => to.push({ truth, prediction });
    const fits = runtimes.countTokens(text) <= edgeTokens;
    // The origin's threads work while the edge's wasm blocks this one.
    const onOrigin = bothOnOrigin(runtimes, text, fits);
    const edge = await runtimes.edge(text, edgeTokens);
    const { origin, whole } = await onOrigin;
    add(results.edge, edge);
    add(results.origin, origin);
    add(results.whole, whole);
    add(results.served, fits ? edge : whole);
    progress(index + 1);
  }
  const edge = qualityOf(results.edge, labels);
  const originSameInputs = qualityOf(results.origin, labels);
  return {
    model: modelId,
    edgeTokens,
    edge,
    originSameInputs,
    originWhole: qualityOf(results.whole, labels),
    asServed: qualityOf(results.served, labels),
    agreement: agreementOf(results.edge, results.origin),
    lossPoints: originSameInputs.accuracyPercent - edge.accuracyPercent,
  };
}

async function bothOnOrigin(runtimes: Runtimes, text: string, fits: boolean) {
  const origin = await runtimes.origin(text, runtimes.edgeTokens);
  return { origin, whole: fits ? origin : await runtimes.originWhole(text) };
}
