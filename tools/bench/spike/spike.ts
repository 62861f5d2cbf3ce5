/** Bench `spike`: a simulated minute of traffic on one isolate, from 1 to 50 requests a second, routed in several ways. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { manifestSchema } from "../../../formats/model-package/manifest.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { UsageError, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues } from "../bench.ts";
import type { EdgeNumbers } from "./isolate.ts";
import { measureRate, RATES_PER_SECOND, type Summary, saturationPerSecond } from "./measure.ts";
import { POLICY_NAMES, policyOf, SPIKE_POLICIES } from "./policies.ts";
import { spikeNotes, spikeTables } from "./report.ts";
import { ASSUMPTIONS } from "./traffic.ts";

const MANIFEST = "models/mail-tagger/manifest.json";
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
const SECONDS = { min: 1, max: 600, fallback: 60 };
const SPIKES = { min: 1, max: 100, fallback: 10 };

export const spikeBench: Bench = {
  name: "spike",
  summary: "a simulated traffic spike on one isolate: adaptive and plain routing, 1 to 50 requests a second",
  options: {
    manifest: { type: "string", default: MANIFEST },
    seed: { type: "string" },
    seconds: { type: "string" },
    spikes: { type: "string" },
  },
  async run(values: OptionValues) {
    const asked = {
      seed: wholeNumber(values, "seed", SEED),
      seconds: wholeNumber(values, "seconds", SECONDS),
      spikes: wholeNumber(values, "spikes", SPIKES),
    };
    const { model, edge } = await readEdge(String(values["manifest"]));
    const rows: Summary[] = [];
    for (const rate of RATES_PER_SECOND) {
      rows.push(...(await step(`${rate} requests a second`, () => measureRate(rate, { edge, ...asked }))));
    }
    const { maxQueueMs, maxTokens } = policyOf("adaptive").edge;
    const result = {
      model,
      ...asked,
      edge,
      assumptions: ASSUMPTIONS,
      ways: POLICY_NAMES.map((name) => ({ name, policy: SPIKE_POLICIES[name] })),
      maxQueueMs,
      saturationPerSecond: saturationPerSecond(edge, maxTokens),
      rows,
    };
    return { result, tables: spikeTables(rows), notes: spikeNotes(result) };
  },
};

/** @throws UsageError when it is no manifest of a package for the edge */
async function readEdge(file: string): Promise<{ model: string; edge: EdgeNumbers }> {
  const bytes = await readFile(file).catch(() => null);
  if (bytes === null)
    throw new UsageError(`--manifest is "${file}", which cannot be read; it must be a package's manifest.json.`);
  const manifest = manifestSchema.parse(JSON.parse(bytes.toString()));
  if (manifest.edge === null)
    throw new UsageError(`${file} is of a package for the origin alone; choose one with an edge file.`);
  const { maxTokens, timeMs } = manifest.edge;
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { model: shortModelId(`${manifest.name}@${digest}`), edge: { maxTokens, timeMs } };
}
