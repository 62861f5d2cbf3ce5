/** Which isolate a text arrives at, and whether it has its model yet. Seeded; no clock. */
import { seededRandom } from "../../../seeded-random.ts";
import type { Values } from "../assumptions.ts";

export interface Isolates {
  count: number;
  /** Of each text. */
  isolate: Uint16Array;
  /** 1 for a text that arrives before its isolate's model is ready. */
  isCold: Uint8Array;
  loads: number;
}

const MS_PER_MIN = 60_000;
const MS_PER_H = 3_600_000;

/**
 * Locations differ in traffic as 1, 1/2, 1/3 …; the isolates of a location share it evenly. An isolate ends after its idle time, and after
 * its life. The first text of a new one starts the load. At the start every isolate is somewhere in its life.
 */
export function replayIsolates(atMs: Float64Array, values: Values, seed: number): Isolates {
  const random = seededRandom(seed);
  const locations = Math.max(1, Math.round(values.locations));
  const each = Math.max(1, Math.round(values["isolates-per-location"]));
  const bounds = boundsOf(locations);
  const idleMs = values["edge-idle-min"] * MS_PER_MIN;
  const lifeMs = values["edge-life-h"] * MS_PER_H;
  const loadMs = values["load-ms"];
  const count = locations * each;
  const startMs = atMs[0] ?? 0;
  const lastMs = new Float64Array(count).fill(startMs);
  const bornMs = Float64Array.from({ length: count }, () => startMs - lifeMs * random());
  const readyMs = new Float64Array(count).fill(startMs);
  const isolate = new Uint16Array(atMs.length);
  const isCold = new Uint8Array(atMs.length);
  let loads = 0;
  for (const [index, at] of atMs.entries()) {
    const share = random();
    const location = bounds.findIndex((bound) => share < bound);
    const place = location * each + Math.floor(random() * each);
    if (at - (lastMs[place] ?? 0) > idleMs || at - (bornMs[place] ?? 0) > lifeMs) {
      loads += 1;
      bornMs[place] = at;
      readyMs[place] = at + loadMs;
    }
    lastMs[place] = at;
    isolate[index] = place;
    isCold[index] = at < (readyMs[place] ?? 0) ? 1 : 0;
  }
  return { count, isolate, isCold, loads };
}

function boundsOf(locations: number): number[] {
  const weights = Array.from({ length: locations }, (_, index) => 1 / (index + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight, index) => {
    sum += weight / total;
    return index === locations - 1 ? 1 : sum;
  });
}
