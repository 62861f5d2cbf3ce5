/**
 * What the replay cannot show, by `spillway plan`'s simulation with the replay's measurements: isolates that are evicted while idle, and much more
 * traffic. Seeded.
 */
import type { Report } from "../../../control-plane/report/report.ts";
import { type AssumptionName, assumptionsOf, type Known, valuesOf } from "../../spillway/plan/assumptions.ts";
import { calibrated, parseReport } from "../../spillway/plan/calibration.ts";
import { type EdgeModel, edgeModelOf } from "../../spillway/plan/edge-model.ts";
import { evaluate } from "../../spillway/plan/evaluate.ts";
import { UNKNOWN_CALL } from "../../spillway/plan/input/call.ts";
import { Calls } from "../../spillway/plan/input/calls.ts";
import { knownValues } from "../../spillway/plan/known.ts";
import { basisPoints } from "../../spillway/plan/simulate/share.ts";
import { callsOf, knownOf } from "../../spillway/plan/simulate/workload.ts";
import { reportJson } from "../../spillway/report/command.ts";
import { hundredths, tenths } from "../../statistics.ts";
import { dayOf } from "./day.ts";

export interface Simulated {
  name: string;
  textsPerDay: number;
  /** Of eligible texts outside a share of 10 %. */
  lambdaP95Ms: number;
  /** Of all texts, if Lambda answers all. */
  lambdaColdPercent: number;
  /** Of eligible texts at a share of 100 %, spills included. */
  edgeP95Ms: number;
  edgeColdPercent: number;
  p95EdgeOverLambda: number;
}

interface Case {
  name: string;
  textsPerDay: number;
  given: readonly (readonly [AssumptionName, number])[];
}

const ONE_ISOLATE = [
  ["locations", 1],
  ["isolates-per-location", 1],
] as const;
/** An isolate that only its life ends. */
const NEVER_IDLE = ["edge-idle-min", 1e6] as const;
/** Of texts of one length; the replay's own spread is that of cold starts. */
const RUN_NOISE = 0.1;
const MOST_TEXTS = 12_000;
const SEED = 1;

export interface SimulatedInput {
  folder: string;
  /** Of the day at 10 %, for Lambda, and of the day at 100 %, for the edge. */
  reports: { ten: Report; all: Report };
  /** Median of the measured cold starts. */
  lambdaInitMs: number;
  textsPerDay: number;
  publishedTextsPerDay: number;
  seed: number;
  lambdaIdleMin: number;
  isolateLifeH: number;
}

export async function simulatedOf(input: SimulatedInput): Promise<Simulated[]> {
  const { textsPerDay, publishedTextsPerDay } = input;
  const edge = await edgeModelOf(input.folder);
  const cases: Case[] = [
    { name: "this day, the isolate stays while idle", textsPerDay, given: [...ONE_ISOLATE, NEVER_IDLE] },
    { name: "this day, the isolate ends after 10 idle minutes", textsPerDay, given: ONE_ISOLATE },
    { name: "2.5 M texts a month, as plan assumes isolates", textsPerDay: publishedTextsPerDay, given: [] },
  ];
  const rows: Simulated[] = [];
  for (const one of cases) rows.push(await simulated(one, input, edge));
  return rows;
}

async function simulated(
  { name, textsPerDay, given }: Case,
  input: SimulatedInput,
  edge: EdgeModel,
): Promise<Simulated> {
  const texts = new Calls();
  for (const { atMs, tokens } of dayOf({ seed: input.seed, texts: textsPerDay }))
    texts.add({ ...UNKNOWN_CALL, atMs, tokens });
  const inputs = { calls: new Calls(), texts, counts: [] };
  const known = knownOf(inputs);
  const values = new Map<AssumptionName, Known>(knownValues(inputs, known, edge, known.perMonth));
  const tokens = texts.tokens.subarray(0, texts.n);
  // The later one has no texts outside the share: it replaces what the edge needs only.
  for (const report of [input.reports.ten, input.reports.all]) {
    const parsed = parseReport(reportJson(report, []), "the ledger's report");
    for (const [one, value] of calibrated(parsed, { edge, tokens, medianRunMs: null })) values.set(one, value);
  }
  const measured: readonly (readonly [AssumptionName, number])[] = [
    ["lambda-init-ms", input.lambdaInitMs],
    ["lambda-noise", RUN_NOISE],
    ["lambda-idle-min", input.lambdaIdleMin],
    ["edge-life-h", input.isolateLifeH],
    ...given,
  ];
  for (const [one, value] of measured) values.set(one, { value, source: "the replay" });
  const { options } = await evaluate(
    {
      known,
      billedMibMs: null,
      edge,
      rates: null,
      shares: [10, 100],
      seed: SEED,
      points: basisPoints(callsOf(known)),
      mostCalls: callsOf(known),
      mostTexts: MOST_TEXTS,
    },
    valuesOf(assumptionsOf(values)),
  );
  const lambda = options.find(({ id }) => id === "lambda-x86");
  const at = (percent: number) => options.find(({ sharePercent }) => sharePercent === percent);
  const lambdaP95Ms = at(10)?.arms?.outside.quantileMs(0.95) ?? Number.NaN;
  const edgeP95Ms = at(100)?.arms?.inside.quantileMs(0.95) ?? Number.NaN;
  return {
    name,
    textsPerDay,
    lambdaP95Ms: tenths(lambdaP95Ms),
    lambdaColdPercent: hundredths(100 * (lambda?.waitedPart ?? Number.NaN)),
    edgeP95Ms: tenths(edgeP95Ms),
    edgeColdPercent: hundredths(100 * (at(100)?.coldPart ?? Number.NaN)),
    p95EdgeOverLambda: hundredths(edgeP95Ms / lambdaP95Ms),
  };
}
