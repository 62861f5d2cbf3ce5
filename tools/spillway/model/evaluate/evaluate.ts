/** Runs labelled texts through both models of a package, on the runtimes that serve them. */
import { type Agreement, agreementOf, type Judged, type Quality, qualityOf } from "./quality.ts";
import type { Prediction, Runtimes } from "./runtimes.ts";

export interface LabelledText {
  text: string;
  label: string;
}

/** Of a multi-label problem: any number of labels, none among them. */
export interface MultiLabelledText {
  text: string;
  labels: readonly string[];
}

export interface Evaluation {
  model: string;
  edgeTokens: number;
  /** INT8 and FP32 on the same inputs: each text's first tokens, as many as the edge takes. */
  edge: Quality;
  originSameInputs: Quality;
  /** FP32 on whole texts. */
  originWhole: Quality;
  /** What a caller gets: the edge where the text fits, the origin's windows where it does not. */
  asServed: Quality;
  /** INT8 against FP32 on the same inputs. */
  agreement: Agreement;
  /** Points of accuracy that INT8 loses against FP32 on the same inputs; negative when it gains. */
  lossPoints: number;
}

/** `progress` hears how many texts are done. */
export async function evaluate(
  runtimes: Runtimes,
  texts: readonly (LabelledText | MultiLabelledText)[],
  progress: (done: number) => void,
): Promise<Evaluation> {
  const { labels, edgeTokens, modelId } = runtimes;
  const judged = { edge: [] as Judged[], origin: [] as Judged[], whole: [] as Judged[], served: [] as Judged[] };
  for (const [index, one] of texts.entries()) {
    const { text } = one;
    const truth = "labels" in one ? one.labels : one.label;
    const add = (to: Judged[], verdict: Prediction) => to.push({ truth, verdict });
    const fits = runtimes.countTokens(text) <= edgeTokens;
    // The origin's threads work while the edge's wasm blocks this one.
    const onOrigin = bothOnOrigin(runtimes, text, fits);
    const edge = await runtimes.edge(text, edgeTokens);
    const { origin, whole } = await onOrigin;
    add(judged.edge, edge);
    add(judged.origin, origin);
    add(judged.whole, whole);
    add(judged.served, fits ? edge : whole);
    progress(index + 1);
  }
  const edge = qualityOf(judged.edge, labels);
  const originSameInputs = qualityOf(judged.origin, labels);
  return {
    model: modelId,
    edgeTokens,
    edge,
    originSameInputs,
    originWhole: qualityOf(judged.whole, labels),
    asServed: qualityOf(judged.served, labels),
    agreement: agreementOf(judged.edge, judged.origin),
    lossPoints: originSameInputs.accuracyPercent - edge.accuracyPercent,
  };
}

async function bothOnOrigin(runtimes: Runtimes, text: string, fits: boolean) {
  const origin = await runtimes.origin(text, runtimes.edgeTokens);
  return { origin, whole: fits ? origin : await runtimes.originWhole(text) };
}
