/** One gateway with its traffic, drawn at random: texts, failures, times and labels of two arms, minute by minute. Pure. */
import { erfc } from "../../../control-plane/statistics/normal.ts";
import { edgesOf, Histogram, indexOf, MAX_INDEX, MIN_INDEX } from "../../../formats/ledger/histogram.ts";
import { binomial, logUniform, poisson, type Random } from "./sampling.ts";

export interface Change {
  /** Added to the failure rate of the treatment arm. */
  moreFailures: number;
  /** Times of the treatment arm, times this. */
  slowdown: number;
  /** Added to the rate of labels that differ. */
  moreDisagreement: number;
  /** The treatment arm is answered at the edge: faster, except what spills. */
  atEdge: boolean;
}

/** Two humps, as a gateway has them: warm and cold. Times are lognormal. */
const WARM = { medianMs: 480, sigma: 0.35 };
const COLD = { medianMs: 2600, sigma: 0.3 };
const EDGE = { medianMs: 75, sigma: 0.4 };
const MINUTES_PER_DAY = 1440;
const SECONDS_PER_MINUTE = 60;

interface Outage {
  fromMinute: number;
  minutes: number;
  failureRate: number;
}

/** Probabilities of the buckets of one hump. */
interface Hump {
  indices: readonly number[];
  masses: readonly number[];
  /** Part of the texts, 0 to 1, at a mean hour. */
  part: number;
  /** Cold starts are rarer when there is more traffic. */
  isCold: boolean;
}

export interface World {
  ratePerSecond: number;
  phase: number;
  failureRate: number;
  moreFailures: number;
  disagreement: number;
  treatmentDisagreement: number;
  /** Of both arms at once: what fails there is no fault of the treatment. */
  outages: readonly Outage[];
  treatment: readonly Hump[];
  control: readonly Hump[];
}

/** Failure rate, cold starts, disagreement and outages are another gateway's in each run. */
export function worldOf(random: Random, ratePerSecond: number, change: Change): World {
  const coldPart = 0.03 + 0.07 * random();
  const spilledPart = 0.02 + 0.13 * random();
  const disagreement = logUniform(random, 0.0005, 0.004);
  const control = (slowdown: number, part: number): Hump[] => [
    humpOf(WARM, slowdown, part * (1 - coldPart), false),
    humpOf(COLD, slowdown, part * coldPart, true),
  ];
  const { slowdown, atEdge } = change;
  const treatment = atEdge
    ? [humpOf(EDGE, slowdown, 1 - spilledPart, false), ...control(slowdown, spilledPart)]
    : control(slowdown, 1);
  return {
    ratePerSecond,
    phase: 2 * Math.PI * random(),
    failureRate: logUniform(random, 0.0002, 0.01),
    moreFailures: change.moreFailures,
    disagreement,
    treatmentDisagreement: disagreement + change.moreDisagreement,
    outages: outagesOf(random),
    control: control(1, 1),
    treatment,
  };
}

/** Every other day on average, for 1 to 10 minutes. */
function outagesOf(random: Random): Outage[] {
  const outages: Outage[] = [];
  for (let minute = 0; minute < 30 * MINUTES_PER_DAY; ) {
    minute += Math.ceil(-Math.log(1 - random()) * 2 * MINUTES_PER_DAY);
    outages.push({ fromMinute: minute, minutes: 1 + Math.floor(10 * random()), failureRate: 0.1 + 0.9 * random() });
  }
  return outages;
}

const LEAST_MASS = 1e-10;
const humps = new Map<string, Pick<Hump, "indices" | "masses">>();

function humpOf(times: { medianMs: number; sigma: number }, slowdown: number, part: number, isCold: boolean): Hump {
  const key = `${times.medianMs * slowdown}/${times.sigma}`;
  const known = humps.get(key) ?? bucketsOf(times.medianMs * slowdown, times.sigma);
  humps.set(key, known);
  return { ...known, part, isCold };
}

function bucketsOf(medianMs: number, sigma: number) {
  const upTo = (ms: number) => {
    const z = Math.log(ms / medianMs) / sigma / Math.SQRT2;
    return z < 0 ? erfc(-z) / 2 : 1 - erfc(z) / 2;
  };
  const all = Array.from({ length: MAX_INDEX - MIN_INDEX + 1 }, (_, at) => MIN_INDEX + at).map((index) => {
    const { lowMs, highMs } = edgesOf(index);
    return { index, mass: upTo(highMs) - upTo(lowMs) };
  });
  const some = all.filter(({ mass }) => mass > LEAST_MASS);
  return { indices: some.map(({ index }) => index), masses: some.map(({ mass }) => mass) };
}

/** The P95 of a law at a mean hour, in ms, as the upper edge of its bucket. */
export function trueP95Ms(law: readonly Hump[]): number {
  const masses = new Map<number, number>();
  for (const { indices, masses: all, part } of law) {
    indices.forEach((index, at) => {
      masses.set(index, (masses.get(index) ?? 0) + part * (all[at] ?? 0));
    });
  }
  let rest = 0.05;
  for (const [index, mass] of [...masses].sort(([a], [b]) => b - a)) {
    rest -= mass;
    if (rest < 0) return edgesOf(index).highMs;
  }
  return 0;
}

/** What is counted of one arm in a step. Times are drawn when they are read, of as many texts as were counted since. */
export class Arm {
  n = 0;
  failures = 0;
  /** Of the last `count`. */
  latest = { n: 0, failures: 0, slower: 0 };
  readonly #random: Random;
  readonly #humps: readonly Hump[];
  readonly #times = new Histogram();
  /** Texts without a time yet, by hump, and whether they are slower than the limit. */
  readonly #untimed: { hump: Hump; slower: boolean; n: number; slowerPart: number }[];

  /** @param limitMs texts above it are counted by the minute; for no count, Infinity */
  constructor(random: Random, law: readonly Hump[], limitMs: number) {
    this.#random = random;
    this.#humps = law;
    this.#untimed = law.flatMap((hump) => {
      const slowerPart = partAbove(hump, limitMs);
      return [
        { hump: selected(hump, limitMs, false), slower: false, n: 0, slowerPart },
        { hump: selected(hump, limitMs, true), slower: true, n: 0, slowerPart },
      ];
    });
  }

  /** Counts texts. @param load of the mean: at twice the load half of the cold starts */
  count(n: number, failureRate: number, load: number): void {
    const random = this.#random;
    const failures = binomial(random, n, failureRate);
    this.n += n;
    this.failures += failures;
    let left = n;
    let partLeft = 1;
    let slower = 0;
    for (let at = this.#humps.length - 1; at >= 0; at--) {
      const hump = this.#humps[at];
      const [faster, slow] = [this.#untimed[2 * at], this.#untimed[2 * at + 1]];
      if (hump === undefined || faster === undefined || slow === undefined) continue;
      const part = hump.isCold ? hump.part / load : hump.part;
      const inHump = at === 0 ? left : binomial(random, left, Math.min(1, part / partLeft));
      const above = binomial(random, inHump, faster.slowerPart);
      faster.n += inHump - above;
      slow.n += above;
      slower += above;
      left -= inHump;
      partLeft -= part;
    }
    this.latest = { n, failures, slower };
  }

  get times(): Histogram {
    for (const untimed of this.#untimed) {
      drawInto(this.#times, this.#random, untimed.hump, untimed.n);
      untimed.n = 0;
    }
    return this.#times;
  }
}

function partAbove({ indices, masses }: Hump, limitMs: number): number {
  const all = masses.reduce((sum, mass) => sum + mass, 0);
  const limit = limitMs === Number.POSITIVE_INFINITY ? MAX_INDEX : indexOf(limitMs);
  return masses.reduce((sum, mass, at) => sum + ((indices[at] ?? 0) > limit ? mass : 0), 0) / all;
}

function selected(hump: Hump, limitMs: number, above: boolean): Hump {
  const limit = limitMs === Number.POSITIVE_INFINITY ? MAX_INDEX : indexOf(limitMs);
  const kept = hump.indices.flatMap((index, at) => (index > limit === above ? [at] : []));
  return {
    ...hump,
    indices: kept.map((at) => hump.indices[at] ?? 0),
    masses: kept.map((at) => hump.masses[at] ?? 0),
  };
}

/** A multinomial draw, bucket by bucket, through the ledger's own histogram. */
function drawInto(times: Histogram, random: Random, { indices, masses }: Hump, n: number): void {
  if (n === 0) return;
  const drawn = new Histogram();
  let left = n;
  let massLeft = masses.reduce((sum, mass) => sum + mass, 0);
  for (let at = 0; left > 0 && at < indices.length; at++) {
    const mass = masses[at] ?? 0;
    const count = at === indices.length - 1 ? left : binomial(random, left, Math.min(1, mass / massLeft));
    if (count > 0) drawn.add(indices[at] ?? 0, count);
    left -= count;
    massLeft -= mass;
  }
  times.merge(drawn);
}

export interface Traffic {
  /** Of the mean traffic. */
  load: number;
  texts: number;
  failureRate: { treatment: number; control: number };
}

/** The traffic of some minutes. @param minute the first of them, from the start of the run */
export function trafficOf(random: Random, world: World, minute: number, minutes: number): Traffic {
  const { ratePerSecond, phase, failureRate, moreFailures } = world;
  const load = 1 + 0.6 * Math.sin((2 * Math.PI * minute) / MINUTES_PER_DAY + phase);
  const texts = poisson(random, ratePerSecond * SECONDS_PER_MINUTE * load * minutes);
  const outage = outageAt(world, minute, 1);
  if (outage === null)
    return { load, texts, failureRate: { treatment: failureRate + moreFailures, control: failureRate } };
  return { load, texts, failureRate: { treatment: outage.failureRate, control: outage.failureRate } };
}

/** The first outage that touches these minutes. */
export function outageAt({ outages }: World, minute: number, minutes: number): Outage | null {
  return outages.find((one) => one.fromMinute < minute + minutes && minute < one.fromMinute + one.minutes) ?? null;
}
