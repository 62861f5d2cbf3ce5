/** Spillway at one share, in simulated time: the gateway's own decide, queue and estimates in each isolate. Seeded; no clock. */
import { Histogram } from "../../../../formats/ledger/histogram.ts";
import { type Arm, armOfRecorded } from "../../../../formats/ledger/series.ts";
import { basisPointsOf, insideShare } from "../../../../gateway/decide/share.ts";
import { type Policy, policySchema } from "../../../../policies/schema.ts";
import { seededRandom } from "../../../seeded-random.ts";
import { noise } from "../../../simulation/distributions.ts";
import { type Answer, type ArrivingText, type EdgeNumbers, simulate } from "../../../simulation/isolate.ts";
import type { Values } from "../assumptions.ts";
import { warmedInstances } from "./instances.ts";
import type { Isolates } from "./isolates.ts";
import type { Workload } from "./workload.ts";

export interface ShareFigures {
  /** From admission to the answer, of all texts and by arm. */
  times: Histogram;
  arms: Record<Arm, Histogram>;
  /** Simulated texts, of which the other figures are. */
  texts: number;
  reasons: Record<string, number>;
  /** Per text, on average. */
  edgeCpuMs: number;
  originPart: number;
  /** Billed time of the origin per text. */
  originBilledMs: number;
  /** Standard errors of the two times. */
  errors: { edgeCpuMs: number; originBilledMs: number };
  /** Texts that met an isolate without its model. */
  coldPart: number;
  /** Texts that waited for a new instance of the origin. */
  waitedPart: number;
}

export interface ShareInput {
  workload: Workload;
  isolates: Isolates;
  edge: EdgeNumbers;
  values: Values;
  sharePercent: number;
  seed: number;
  /** Of the key of each text: `basisPoints()`. */
  points: Uint16Array;
  /** At most so many texts go through the gateway's code, in windows that are spread over the time. */
  mostTexts: number;
}

const MS_PER_MIN = 60_000;
/** Texts of a window: enough for a queue to grow. */
const WINDOW_TEXTS = 600;
const RUN_NOISE_SIGMA = 0.15;

/** The policy of a share: the defaults, and a split by text. */
export function policyAt(sharePercent: number): Policy {
  return policySchema.parse({ edge: { share: sharePercent, stickyBy: "text" } });
}

export async function simulateShare(input: ShareInput): Promise<ShareFigures> {
  const { isolates, edge, values, sharePercent } = input;
  const policy = policyAt(sharePercent);
  const waited = replayOrigin(input, Math.min(edge.maxTokens, policy.edge.maxTokens));
  const answers: { answer: Answer; index: number }[] = [];
  const trueTimeMs = scaled(edge.timeMs, values["edge-time"]);
  for (const [from, to] of windowsOf(input.workload.n, input.mostTexts)) {
    for (const texts of textsByIsolate(input, waited, from, to).values()) {
      const done = await simulate({ texts: texts.map(({ text }) => text), policy, edge, trueTimeMs });
      const byKey = new Map(texts.map(({ text, index }) => [text.stickyKey, index]));
      for (const answer of done) answers.push({ answer, index: byKey.get(answer.stickyKey) ?? 0 });
    }
  }
  return figuresOf(answers, input, waited, isolates);
}

/** Of the keys of so many texts: hashing takes longer than a replay, and keys are the same in all of them. */
export function basisPoints(n: number): Uint16Array {
  return Uint16Array.from({ length: n }, (_, index) => basisPointsOf(keyOf(index)));
}

/** 1 for a text that would wait for a new instance of the origin. Texts that surely go there keep its instances alive. */
function replayOrigin({ workload, isolates, values, sharePercent, points }: ShareInput, maxTokens: number): Uint8Array {
  const isSure = (index: number) =>
    isolates.isCold[index] === 1 ||
    (workload.tokens[index] ?? 0) > maxTokens ||
    !insideShare(points[index] ?? 0, sharePercent);
  const instances = warmedInstances(values["lambda-idle-min"] * MS_PER_MIN, workload, isSure);
  const waited = new Uint8Array(workload.n);
  for (let index = 0; index < workload.n; index++) {
    const at = workload.atMs[index] ?? 0;
    const isCold = isSure(index)
      ? instances.call(at, workload.runMs[index] ?? 0, workload.initMs[index] ?? 0)
      : !instances.hasIdle(at);
    waited[index] = isCold ? 1 : 0;
  }
  return waited;
}

function textsByIsolate(
  { workload, isolates, values, seed }: ShareInput,
  waited: Uint8Array,
  from: number,
  to: number,
) {
  const texts = new Map<number, { text: ArrivingText; index: number }[]>();
  for (let index = from; index < to; index++) {
    const place = isolates.isolate[index] ?? 0;
    const waitMs = waited[index] === 1 ? (workload.initMs[index] ?? 0) : 0;
    const random = seededRandom(seed + index);
    const text: ArrivingText = {
      arrivesAtMs: workload.atMs[index] ?? 0,
      tokens: workload.tokens[index] ?? 0,
      stickyKey: keyOf(index),
      // The same noise at each share, so that shares are compared on the same runs.
      runNoise: noise(RUN_NOISE_SIGMA, random),
      originMs: values["network-ms"] * noise(values["network-noise"], random) + (workload.runMs[index] ?? 0) + waitMs,
      isCold: isolates.isCold[index] === 1,
    };
    const list = texts.get(place);
    if (list === undefined) texts.set(place, [{ text, index }]);
    else list.push({ text, index });
  }
  return texts;
}

function figuresOf(
  answers: readonly { answer: Answer; index: number }[],
  { workload, values }: ShareInput,
  waited: Uint8Array,
  isolates: Isolates,
): ShareFigures {
  const times = new Histogram();
  const arms = { inside: new Histogram(), outside: new Histogram(), ineligible: new Histogram() };
  const reasons = new Map<string, number>();
  const edge = new Mean();
  const billed = new Mean();
  let [origin, cold, waits] = [0, 0, 0];
  for (const { answer, index } of answers) {
    const took = answer.answerMs + values["gateway-cpu-ms"];
    const isOrigin = answer.side === "origin";
    const isWaiting = isOrigin && waited[index] === 1;
    times.observe(took);
    arms[armOfRecorded(answer.arm)].observe(took);
    reasons.set(answer.because, (reasons.get(answer.because) ?? 0) + 1);
    if (isOrigin) origin += 1;
    if (isWaiting) waits += 1;
    if (isolates.isCold[index] === 1) cold += 1;
    edge.add(isOrigin ? 0 : answer.runMs);
    const initMs = isWaiting ? (workload.initMs[index] ?? 0) : 0;
    billed.add(isOrigin ? Math.ceil((workload.runMs[index] ?? 0) + initMs) : 0);
  }
  const texts = answers.length;
  return {
    times,
    arms,
    texts,
    reasons: Object.fromEntries(reasons),
    edgeCpuMs: edge.mean(),
    originPart: origin / texts,
    originBilledMs: billed.mean(),
    errors: { edgeCpuMs: edge.error(), originBilledMs: billed.error() },
    coldPart: cold / texts,
    waitedPart: waits / texts,
  };
}

class Mean {
  #n = 0;
  #sum = 0;
  #squares = 0;

  add(value: number): void {
    this.#n += 1;
    this.#sum += value;
    this.#squares += value * value;
  }

  mean(): number {
    return this.#sum / this.#n;
  }

  /** Standard error. */
  error(): number {
    return Math.sqrt(Math.max(0, this.#squares / this.#n - this.mean() ** 2) / this.#n);
  }
}

/** Each text is another one. */
function keyOf(index: number): string {
  return `text ${index}`;
}

function windowsOf(n: number, most: number): [from: number, to: number][] {
  if (n <= most) return [[0, n]];
  const windows = Math.max(2, Math.round(most / WINDOW_TEXTS));
  const size = Math.floor(most / windows);
  return Array.from({ length: windows }, (_, window) => {
    const from = Math.floor((window * (n - size)) / (windows - 1));
    return [from, from + size];
  });
}

function scaled({ base, perToken, perTokenSquared }: EdgeNumbers["timeMs"], factor: number): EdgeNumbers["timeMs"] {
  return { base: base * factor, perToken: perToken * factor, perTokenSquared: perTokenSquared * factor };
}
