/** Bench `spike`: a simulated minute of traffic on one isolate, from 1 to 100 requests per second, under several policies. */
import { parseManifest } from "../../../formats/model-package/manifest.ts";
import { modelIdOf, shortModelId } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { readUserFile } from "../../process/read-text.ts";
import type { EdgeNumbers } from "../../simulation/isolate.ts";
import { step } from "../../spillway/terminal/progress.ts";
import type { Table } from "../../table.ts";
import { numberOption, UsageError, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues } from "../bench.ts";
import { measureRate, RATES_PER_SECOND, type RateSpec, type Summary, saturationPerSecond } from "./measure.ts";
import { POLICY_NAMES, policyOf, SPIKE_POLICIES } from "./policies.ts";
import { ASSUMPTIONS } from "./traffic.ts";

const MANIFEST = "models/mail-tagger/manifest.json";
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
const SECONDS = { min: 1, max: 600, fallback: 60 };
const SPIKES = { min: 1, max: 100, fallback: 10 };

/** The JSON's field for the policies that are compared. */
const POLICIES_FIELD = "ways";

export const spikeBench: Bench = {
  name: "spike",
  summary: "a simulated traffic spike on one isolate: adaptive and plain routing, 1 to 100 requests per second",
  options: {
    manifest: {
      type: "string",
      about: "manifest of the package whose times are simulated",
      value: "file",
      allowed: `default ${MANIFEST}`,
      default: MANIFEST,
    },
    seed: numberOption("another seed generates other traffic", SEED),
    seconds: numberOption("simulated seconds per spike", SECONDS),
    spikes: numberOption("spikes per rate", SPIKES),
  },
  quick: { spikes: "2" },
  async run(values: OptionValues) {
    const spec = {
      seed: wholeNumber(values, "seed", SEED),
      seconds: wholeNumber(values, "seconds", SECONDS),
      spikes: wholeNumber(values, "spikes", SPIKES),
    };
    const { model, edge } = await readEdge(String(values["manifest"]));
    const rows: Summary[] = [];
    for (const rate of RATES_PER_SECOND) {
      rows.push(...(await step(`${rate} requests per second`, () => measureRate(rate, { edge, ...spec }))));
    }
    const { maxQueueMs, maxTokens } = policyOf("adaptive").edge;
    const result = {
      model,
      ...spec,
      edge,
      assumptions: ASSUMPTIONS,
      [POLICIES_FIELD]: POLICY_NAMES.map((name) => ({ name, policy: SPIKE_POLICIES[name] })),
      maxQueueMs,
      saturationPerSecond: saturationPerSecond(edge, maxTokens),
      rows,
    };
    return { result, tables: tablesOf(rows), headline: headlineOf(rows), notes: notesOf(result) };
  },
};

/** @throws UsageError if the file is not the manifest of a package for the edge */
async function readEdge(file: string): Promise<{ model: string; edge: EdgeNumbers }> {
  const bytes = await readUserFile(file).catch((error: unknown) => {
    const isUnreadable = error instanceof Error && "code" in error;
    if (!isUnreadable) throw new UsageError(`--manifest: ${error instanceof Error ? error.message : String(error)}`);
    throw new UsageError(`--manifest is "${file}", which cannot be read; it must be a package's manifest.json.`);
  });
  const parsed = parseManifest(bytes);
  if (!parsed.ok) throw new UsageError(`--manifest is "${file}", which is no package's manifest: ${parsed.problem}.`);
  const { manifest } = parsed;
  if (manifest.edge === null) {
    throw new UsageError(`${file} is the manifest of a package without an edge model; use a package with one.`);
  }
  const { maxTokens, timeMs } = manifest.edge;
  return { model: shortModelId(modelIdOf(manifest.name, sha256Hex(bytes))), edge: { maxTokens, timeMs } };
}

const REASONS = ["too-long", "edge-busy", "edge-slow"] as const;

function tablesOf(rows: readonly Summary[]): Table[] {
  return POLICY_NAMES.map((name) => ({
    title: `${name}: ${JSON.stringify(SPIKE_POLICIES[name])}`,
    header: [
      "requests/s",
      "texts",
      "edge wait p50",
      "p95",
      "max, ms",
      "answer p50",
      "p95, ms",
      "origin %",
      ...REASONS.map((because) => `${because} %`),
    ],
    rows: rows
      .filter((row) => row.way === name)
      .map(({ ratePerSecond, arrivals, edgeWaitMs, answerMs, originPercent }) => [
        ratePerSecond,
        arrivals,
        edgeWaitMs.p50,
        edgeWaitMs.p95,
        edgeWaitMs.max,
        answerMs.p50,
        answerMs.p95,
        originPercent.total,
        ...REASONS.map((because) => originPercent.byReason[because] ?? 0),
      ]),
  }));
}

/** Rates below, near and far above what one isolate sustains. */
const HEADLINE_RATES: readonly number[] = [5, 20, 50];

function headlineOf(rows: readonly Summary[]): Table {
  return {
    title: "A simulated spike on one isolate: p95 in ms, and the part that the origin answers",
    header: ["requests/s", "policy", "edge wait p95", "answer p95", "origin %"],
    rows: rows
      .filter(({ way, ratePerSecond }) => /^(plain|adaptive)$/.test(way) && HEADLINE_RATES.includes(ratePerSecond))
      .map(({ ratePerSecond, way, edgeWaitMs, answerMs, originPercent }) => [
        ratePerSecond,
        way,
        edgeWaitMs.p95,
        answerMs.p95,
        originPercent.total,
      ]),
  };
}

function notesOf(result: Omit<RateSpec, "edge"> & { model: string; saturationPerSecond: number }): string[] {
  const { model, seed, seconds, spikes, saturationPerSecond } = result;
  const { tokens, runNoiseSigma, origin } = ASSUMPTIONS;
  return [
    `A simulation with a simulated clock: the gateway's decide, queue, estimate and recent P95, with run times by the time model of ${model}. The numbers do not depend on this machine.`,
    `Each row is ${spikes} spikes of ${seconds} s with Poisson arrivals, seeds ${seed} to ${seed + spikes - 1}, each on a ready and idle isolate. All policies get the same texts.`,
    `From ${saturationPerSecond} requests per second, the texts that fit the edge keep one isolate busy without a pause.`,
    `Assumed: texts lognormal with a median of ${tokens.median} tokens (sigma ${tokens.sigma}), runs with a noise of sigma ${runNoiseSigma} around the model, the origin lognormal with a median of ${origin.warmMs.median} ms (sigma ${origin.warmMs.sigma}) and ${origin.coldPercent} % cold starts that add ${origin.coldMs.min} to ${origin.coldMs.max} ms.`,
    "A wait is the time from the arrival to the start of the inference. It includes the rest of an inference that occupies the thread.",
  ];
}
