/** The result, table and notes of the bench `hold`: what each kind of request waits, and how many requests stand behind each figure. Pure. */
import { percentile, tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import { REQUESTS, type Samples } from "./requests.ts";

/** What the edge promises to other requests (p95). */
const MAX_ADDED_MS = 25;
/** With fewer samples a 95th percentile is one of the two largest values. */
const MIN_SAMPLES = 40;

export const NOTES = [
  "Times are the caller's clock, from sending to the last byte. A request is sent every 25 ms, whether or not those before it are answered, the four kinds in turn. Another kind is the first one in each load and each block of runs.",
  "No request needs the edge model: the short text's caller is outside the share. It is measured and decided as every text.",
  "The origin answers at once with zeros, so the wait of a spilled text is the gateway's.",
  "A load is the first one of a fresh process: R2, signature, hashes, weights, golden logits. The first text starts it; no probe is sent meanwhile. Counted are the requests that were under way or sent while it lasted, by the Worker's own load time.",
  "It is compared with the same requests to a fresh process that rejects its package for the signature and loads nothing more, at the same time after its start, in turn with it and in alternating order: in both, the gateway compiles its code and the simulated R2 starts on the same thread.",
  "A text of the longest length runs after another; it is compared with the same isolate while it is idle, in turn with it. Samples of one kind are joined.",
];

/** The same requests while nothing else runs, and beside a load or a run. */
export interface Comparison {
  meanwhile: string;
  alone: Samples;
  beside: Samples;
}

export interface HoldResult {
  model: string;
  loads: number;
  runs: number;
  maxAddedMs: number;
  rows: {
    meanwhile: string;
    request: string;
    aloneP50Ms: number;
    meanwhileP50Ms: number;
    aloneP95Ms: number;
    meanwhileP95Ms: number;
    meanwhileMaxMs: number;
    /** How many requests the percentiles are of. */
    aloneSamples: number;
    samples: number;
  }[];
}

/** The bench's result in ms; field names are stable. */
export function holdResult(
  measured: Pick<HoldResult, "model" | "loads" | "runs">,
  comparisons: readonly Comparison[],
): HoldResult {
  const rows = comparisons.flatMap(({ meanwhile, alone, beside }) =>
    REQUESTS.map((request) => {
      const before = alone[request].map(({ ms }) => ms);
      const after = beside[request].map(({ ms }) => ms);
      return {
        meanwhile,
        request,
        aloneP50Ms: tenths(percentile(before, 50)),
        meanwhileP50Ms: tenths(percentile(after, 50)),
        aloneP95Ms: tenths(percentile(before, 95)),
        meanwhileP95Ms: tenths(percentile(after, 95)),
        meanwhileMaxMs: tenths(percentile(after, 100)),
        aloneSamples: before.length,
        samples: after.length,
      };
    }),
  );
  return { ...measured, maxAddedMs: MAX_ADDED_MS, rows };
}

/** The same numbers for people. */
export function holdTables({ rows }: HoldResult): Table[] {
  return [
    {
      title: "Wait for an answer in ms",
      header: ["meanwhile", "request", "p50 without", "p50", "p95 without", "p95", "max", "samples without", "samples"],
      rows: rows.map((row) => [
        row.meanwhile,
        row.request,
        row.aloneP50Ms,
        row.meanwhileP50Ms,
        row.aloneP95Ms,
        row.meanwhileP95Ms,
        row.meanwhileMaxMs,
        row.aloneSamples,
        row.samples,
      ]),
    },
  ];
}

/** @returns the promise that the numbers break; null otherwise */
export function problemOf({ rows }: HoldResult): string | null {
  const broken = rows.filter(({ aloneP95Ms, meanwhileP95Ms }) => meanwhileP95Ms > aloneP95Ms + MAX_ADDED_MS);
  if (broken.length === 0) return null;
  const fewest = Math.min(...broken.map(({ samples, aloneSamples }) => Math.min(samples, aloneSamples)));
  const doubt = fewest < MIN_SAMPLES ? `; a p95 of ${fewest} requests is noise: pass more --loads or --runs` : "";
  return `${broken.length} of ${rows.length} waits are more than ${MAX_ADDED_MS} ms longer than without the load or the run (p95)${doubt}.`;
}
