/** The result of a soak, and the promises that it breaks. Pure. */

import { hundredths, mib, percentile, tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import { type HeapUsage, heapUsageBytes } from "../memory/inspector.ts";
import type { MixCounts } from "./send-mix.ts";

export interface SoakPart extends MixCounts {
  /** Requests per second, before those whose times count. */
  capacityPerSecond: number;
  /** The fault of the part; null for none. */
  fault: string | null;
  /** Refused requests by the refusal's internal reason, as their traces have it: without those whose export failed. */
  refusals: Readonly<Record<string, number>>;
  /** Running processes of this machine over the last minute. Above its CPUs, times are too long. */
  loadAverage: number;
  /** After the part's requests, right after a garbage collection. */
  heap: HeapUsage;
}

export interface SoakMeasured {
  parts: readonly SoakPart[];
  /** Records and ledger counts of the requests of all parts. */
  records: number;
  counted: number;
  /** Requests with a trace, and those with more than one. */
  traced: number;
  tracedTwice: number;
  /** What is left when the system is idle again. */
  left: { timers: number; background: number; subrequests: number; strayRecords: number };
  /** Open files of the workerd processes when idle; null where they cannot be counted. */
  openFiles: { before: number | null; after: number | null };
}

/** A growth of one number per request is a leak. Less can be V8's own code and caches: as in the bench `telemetry`. */
const MAX_SLOPE_BYTES_PER_REQUEST = 8;
/** With fewer requests, what V8 compiles and caches outweighs what requests leave, and percentiles are noise. */
export const MIN_JUDGED_REQUESTS = 30_000;
const SPEED_RATIO = { min: 0.9, max: 1.1 } as const;
/** Kept connections to origin, backend and control plane come and go. */
const MAX_MORE_FILES = 12;

/** At 80 % of the capacity a second in which other programs use the machine is a queue for many seconds. */
export const BLOCK_REQUESTS = 500;

/** In ms: the median of the p95 of each whole block. 0 for no times. */
export function p95Of(tookMs: readonly number[]): number {
  if (tookMs.length === 0) return 0;
  const blocks = Math.max(1, Math.floor(tookMs.length / BLOCK_REQUESTS));
  const each = Array.from({ length: blocks }, (_, block) =>
    percentile(tookMs.slice((block * tookMs.length) / blocks, ((block + 1) * tookMs.length) / blocks), 95),
  );
  return percentile(each, 50);
}

/** Least squares over the parts' ends, without the first: it has what is made once. @returns bytes per request */
export function slopeOf(points: readonly (readonly [requests: number, bytes: number])[]): number {
  const used = points.slice(1);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(used.map(([requests]) => requests)), mean(used.map(([, bytes]) => bytes))];
  const spread = used.reduce((sum, [requests]) => sum + (requests - x) ** 2, 0);
  if (used.length < 2 || spread === 0) return 0;
  return used.reduce((sum, [requests, bytes]) => sum + (requests - x) * (bytes - y), 0) / spread;
}

export interface SoakResult
  extends Pick<SoakMeasured, "records" | "counted" | "traced" | "tracedTwice" | "left" | "openFiles"> {
  asked: number;
  /** Answers with the status that a system without faults gives. */
  answered: number;
  refused: number;
  lost: number;
  notRecordedOnce: number;
  heapSlopeBytesPerRequest: number;
  p95FirstMs: number;
  p95LastMs: number;
  p95LastOverFirst: number;
  /** Of the first part, and of the last over it. */
  capacityPerSecond: number;
  capacityLastOverFirst: number;
  parts: (Omit<SoakPart, "tookMs" | "heap"> & { p95Ms: number; heapMiB: number })[];
  problems: string[];
}

/** The JSON's fields. */
export function soakResult(measured: SoakMeasured): SoakResult {
  const { parts, records, counted, traced, tracedTwice, left, openFiles } = measured;
  const sum = (pick: (part: SoakPart) => number) => parts.reduce((total, part) => total + pick(part), 0);
  let requests = 0;
  const points = parts.map((part): [number, number] => {
    requests += part.asked;
    return [requests, heapUsageBytes(part.heap)];
  });
  const p95 = (part: SoakPart | undefined) => p95Of(part?.tookMs ?? []);
  const capacity = (part: SoakPart | undefined) => part?.capacityPerSecond ?? 0;
  const [first, last] = [p95(parts[0]), p95(parts.at(-1))];
  const result: Omit<SoakResult, "problems"> = {
    asked: sum(({ asked }) => asked),
    answered: sum(({ expected }) => expected),
    refused: sum(({ refused }) => refused),
    lost: sum(({ lost }) => lost),
    records,
    counted,
    traced,
    tracedTwice,
    notRecordedOnce: sum(({ notRecordedOnce }) => notRecordedOnce) + left.strayRecords,
    heapSlopeBytesPerRequest: tenths(slopeOf(points)),
    p95FirstMs: tenths(first),
    p95LastMs: tenths(last),
    p95LastOverFirst: hundredths(last / first),
    capacityPerSecond: tenths(capacity(parts[0])),
    capacityLastOverFirst: hundredths(capacity(parts.at(-1)) / capacity(parts[0])),
    left,
    openFiles,
    parts: parts.map(({ fault, heap, tookMs: _, ...part }, index) => ({
      fault,
      ...part,
      capacityPerSecond: tenths(part.capacityPerSecond),
      p95Ms: tenths(p95(parts[index])),
      heapMiB: mib(heapUsageBytes(heap)),
    })),
  };
  return { ...result, problems: problemsOf(result) };
}

function problemsOf(result: Omit<SoakResult, "problems">): string[] {
  const { asked, records, counted, lost, tracedTwice, notRecordedOnce, left, openFiles } = result;
  const { p95LastOverFirst, capacityLastOverFirst } = result;
  const isJudged = asked >= MIN_JUDGED_REQUESTS;
  const moreFiles = (openFiles.after ?? 0) - (openFiles.before ?? 0);
  return [
    ...(lost > 0 ? [`${lost} requests lost`] : []),
    ...(records === asked && notRecordedOnce === 0 ? [] : [`${asked} requests have ${records} records`]),
    ...(counted === asked ? [] : [`the ledger counts ${counted} of ${asked} requests`]),
    ...(tracedTwice > 0 ? [`${tracedTwice} requests have more than one trace`] : []),
    ...Object.entries(left).flatMap(([what, count]) => (count > 0 ? [`${count} ${what} left`] : [])),
    ...(moreFiles > MAX_MORE_FILES ? [`${moreFiles} more open files`] : []),
    ...(isJudged && result.heapSlopeBytesPerRequest > MAX_SLOPE_BYTES_PER_REQUEST
      ? [`the heap grows by ${result.heapSlopeBytesPerRequest} bytes per request`]
      : []),
    ...(isJudged && capacityLastOverFirst < SPEED_RATIO.min
      ? [`the capacity before the last part is ${capacityLastOverFirst} times that before the first`]
      : []),
    // A first part that is slower was no steady state, and shows nothing of the last.
    ...(isJudged && (p95LastOverFirst > SPEED_RATIO.max || p95LastOverFirst < SPEED_RATIO.min)
      ? [`the p95 of the last part is ${p95LastOverFirst} times that of the first`]
      : []),
  ];
}

/** The result for people. */
export function soakTables(result: SoakResult): Table[] {
  return [
    {
      title: "All requests",
      header: ["asked", "records", "counted", "lost", "refused", "heap bytes per request", "p95 last/first"],
      rows: [
        [
          result.asked,
          result.records,
          result.counted,
          result.lost,
          result.refused,
          result.heapSlopeBytesPerRequest,
          result.p95LastOverFirst,
        ],
      ],
    },
    {
      title: "Each part",
      header: ["fault", "asked", "refused", "lost", "capacity", "p95 ms", "heap MiB", "load"],
      rows: result.parts.map(({ fault, asked, refused, lost, capacityPerSecond, p95Ms, heapMiB, loadAverage }) => [
        ...[fault ?? "none", asked, refused, lost, capacityPerSecond, p95Ms, heapMiB, loadAverage],
      ]),
    },
  ];
}
