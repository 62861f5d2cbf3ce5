/** Answers of the control plane, with the counts of an experiment that was never run. The same seed gives the same counts. */
import { encodeBase64 } from "../../formats/encodings.ts";
import type { LedgerAnswer } from "../../formats/ledger/answer.ts";
import { Cells } from "../../formats/ledger/cells.ts";
import { encodeCells } from "../../formats/ledger/codec.ts";
import { seriesOf, type Usage } from "../../formats/ledger/series.ts";
import { seededRandom } from "../../tools/seeded-random.ts";

export const DAY_MS = 86_400_000;
export const START_MS = Date.UTC(2026, 10, 12);
export const MODEL = `mail-tagger@${"9f2c".repeat(16)}`;

export interface Experiment {
  seed?: number;
  days?: number;
  textsPerDay?: number;
  /** Percent. */
  share?: number;
  /** Median time at the edge. */
  edgeMs?: number;
  policy?: string;
  model?: string;
  failureRate?: number;
  /** Of texts compared by shadow, and of those with another label. */
  shadowRate?: number;
  disagreementRate?: number;
  missing?: number;
}

/** One day's counts as cells. */
export function dayCells(random: () => number, experiment: Experiment): Cells {
  const { textsPerDay = 8000, share = 10, edgeMs = 62, policy = "6", model = MODEL } = experiment;
  const { failureRate = 0.0008, shadowRate = 0.02, disagreementRate = 0.0005, missing = 0 } = experiment;
  const cells = new Cells();
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const lognormal = (median: number, sigma: number) => median * Math.exp(sigma * normal());
  const use = (usage: Usage, arm: string, sum: number) =>
    cells.count(seriesOf("usage", { because: usage, arm, policy, model }), 1, Math.round(sum));
  const count = poisson(textsPerDay, normal);
  for (let text = 0; text < count; text++) {
    const isLong = random() < 0.12;
    const isInside = random() * 100 < share;
    const arm = isLong ? "ineligible" : isInside ? "inside" : random() < 0.5 ? "outside-a" : "outside-b";
    const spill = random();
    const because = isLong
      ? "too-long"
      : !isInside
        ? "outside-share"
        : spill < 0.03
          ? "edge-cold"
          : spill < 0.05
            ? "edge-busy"
            : "within-share";
    const side = because === "within-share" ? "edge" : "origin";
    const cold = side === "origin" && random() < 0.03 ? lognormal(3200, 0.2) : 0;
    const ms = side === "edge" ? lognormal(edgeMs, 0.45) : cold + lognormal(isLong ? 900 : 430, 0.4);
    const outcome = random() < failureRate ? "failed:both-failed" : "ok";
    const where = { arm, side, because, ...(side === "origin" && { origin: "us-east-1" }) };
    const route = outcome === "ok" ? { ...where, model } : { arm, because: "both-failed" };
    cells.observe(seriesOf("text", { ...route, outcome, policy }), ms);
    cells.observe(seriesOf("country", { arm, side, country: ["DE", "FR", "US"][Math.floor(random() * 3)] ?? "" }), ms);
    cells.observe(
      seriesOf("request", outcome === "ok" ? { outcome } : { outcome: "unavailable", because: "both-failed" }),
      ms + 3,
    );
    use("worker-requests", "", 1);
    use("gateway-cpu-us", "", 2500);
    if (random() < 0.05) use("kv-reads", "", 1);
    if (side === "edge") {
      use("edge-cpu-us", arm, ms * 900);
      cells.observe(seriesOf("wait", {}), random() < 0.9 ? 0.05 : lognormal(40, 0.5));
    } else {
      use("origin-requests", arm, 1);
      use("origin-mib-ms", arm, (ms - 40) * 3008);
    }
    if (random() < shadowRate && !isLong) {
      const differs = random() < disagreementRate ? "differs" : "agrees";
      cells.count(seriesOf("shadow", { arm, policy, model, outcome: differs }), 1);
      if (side === "origin") use("shadow-cpu-us", "", edgeMs * 900);
      else use("origin-mib-ms", "", 400 * 3008);
    }
  }
  for (let refused = 0; refused < count * 0.004; refused++) {
    const [outcome, because] = random() < 0.6 ? ["unauthorized", "key-unknown"] : ["rate-limited", "key-rate"];
    cells.observe(seriesOf("request", { outcome, because }), 1.2);
    use("worker-requests", "", 1);
  }
  for (let load = 0; load < 40; load++) {
    cells.observe(seriesOf("load", { outcome: "ready", model }), lognormal(1500, 0.2));
    use("load-cpu-us", "", lognormal(1_100_000, 0.1));
    use("r2-reads", "", 5);
  }
  use("ledger-requests", "", 900);
  use("ledger-rows", "", 4000);
  if (missing > 0) cells.count(seriesOf("missing", {}), missing);
  return cells;
}

/** The control plane's answer for days of counts; `now` is behind the last one. */
export function answerOf(days: readonly Cells[], startMs = START_MS): LedgerAnswer {
  const all = new Cells();
  for (const day of days) all.merge(day);
  return {
    fromMs: startMs,
    toMs: startMs + Math.max(1, days.length) * DAY_MS,
    firstMs: all.size === 0 ? null : startMs,
    cells: encodeBase64(encodeCells(all)),
    days: days.map((day, index) => ({ startMs: startMs + index * DAY_MS, cells: encodeBase64(encodeCells(day)) })),
    isolates: [],
  };
}

/** Days of one experiment. */
export function experimentDays(experiment: Experiment = {}): Cells[] {
  const random = seededRandom(experiment.seed ?? 1);
  return Array.from({ length: experiment.days ?? 1 }, () => dayCells(random, experiment));
}

/** The number of texts of a day. */
function poisson(mean: number, normal: () => number): number {
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
}
