/** What an isolate counts of some texts: the series that the gateway has in an experiment, with times of a lognormal distribution. Pure. */
import { Cells } from "../../../formats/ledger/cells.ts";
import { seriesOf } from "../../../formats/ledger/series.ts";

const MODEL = `mail-tagger@${"9f2c".repeat(16)}`;
const COUNTRIES = ["DE", "FR", "GB", "US", "BR", "IN", "JP", "AU"];
/** Arm, side and reason, by the part of the texts. */
const ROUTES = [
  { arm: "outside-a", side: "origin", because: "outside-share", part: 0.4 },
  { arm: "outside-b", side: "origin", because: "outside-share", part: 0.4 },
  { arm: "inside", side: "edge", because: "within-share", part: 0.12 },
  { arm: "inside", side: "origin", because: "edge-cold", part: 0.02 },
  { arm: "inside", side: "origin", because: "edge-busy", part: 0.02 },
  { arm: "ineligible", side: "origin", because: "too-long", part: 0.04 },
] as const;
/** Median and spread in ms of an origin and of the edge. */
const TIMES = { origin: { medianMs: 480, sigma: 0.45 }, edge: { medianMs: 70, sigma: 0.4 } };

/**
 * @param seed another seed gives other times
 * @param workers values of the field `worker`, to get more series
 */
export function simulatedCells(texts: number, seed: number, workers = 1): Cells {
  const random = randomOf(seed + 1);
  const cells = new Cells();
  for (let index = 0; index < texts; index++) {
    const { arm, side, because } = routeAt(random());
    const { medianMs, sigma } = TIMES[side];
    const tookMs = medianMs * Math.exp(sigma * normal(random));
    const worker = `v${index % workers}`;
    const origin = side === "origin" ? "us-east-1" : "";
    cells.observe(
      seriesOf("text", { arm, side, origin, because, outcome: "ok", policy: "7", model: MODEL, worker }),
      tookMs,
    );
    const country = COUNTRIES[Math.floor(random() * COUNTRIES.length)] ?? "";
    cells.observe(seriesOf("country", { arm, side, outcome: "ok", country }), tookMs);
    cells.observe(seriesOf("request", { outcome: "ok", worker }), tookMs + 1);
    cells.count(seriesOf("usage", { because: "worker-requests", policy: "7" }), 1, 1);
    cells.count(seriesOf("usage", { because: "gateway-cpu-us", policy: "7" }), 1, 2500);
    const paid = { arm, side, origin, policy: "7" };
    if (side === "edge") cells.count(seriesOf("usage", { ...paid, because: "edge-cpu-us" }), 1, 60_000);
    else {
      cells.count(seriesOf("usage", { ...paid, because: "origin-requests" }), 1, 1);
      cells.count(seriesOf("usage", { ...paid, because: "origin-mib-ms" }), 1, 1_400_000);
    }
  }
  return cells;
}

function routeAt(random: number): (typeof ROUTES)[number] {
  let left = random;
  for (const route of ROUTES) {
    left -= route.part;
    if (left < 0) return route;
  }
  return ROUTES[0];
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A number of the normal distribution (Box–Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
