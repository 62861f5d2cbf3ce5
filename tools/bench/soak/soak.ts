/** Bench `soak`: mixed requests at 80 % of capacity, with faults in between; what they leave behind. */
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { step } from "../../spillway/terminal/progress.ts";
import { tenths } from "../../statistics.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import type { IsolateFacts } from "../faults/controls.ts";
import { MAX_EDGE_TOKENS } from "../faults/known-texts.ts";
import { type FaultySystem, withFaultySystem } from "../faults/system.ts";
import { Inspector } from "../memory/inspector.ts";
import { countedOnce } from "../system/counted.ts";
import { openFilesOf } from "../system/process-group.ts";
import { withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { disturb, disturbances } from "./disturbances.ts";
import { BLOCK_REQUESTS, MIN_JUDGED_REQUESTS, p95Of, type SoakPart, soakResult, soakTables } from "./report.ts";
import { mixedRequests } from "./requests.ts";
import { MixSender, sumOf } from "./send-mix.ts";

const MAX_BENCH_MS = 40 * 60_000;
const REQUESTS = { min: 200, max: 1_000_000, fallback: 100_000 };
const QUICK_REQUESTS = 1500;
const PARTS = { quick: 3, full: 10 };
const LOAD_FACTOR = 0.8;
const IN_FLIGHT = 8;
/** Of a part's requests: V8 and the machine change the capacity, so each part measures it first. */
const CAPACITY_PART = 0.15;
/** V8 optimizes code that runs often. */
const WARM_REQUESTS = { quick: 300, full: 2000 };
/** At the rate, until two of these in a row have the same p95: the first part is compared with the last. */
const STEADY = { requests: 2000, most: 8, ratio: 1.1 } as const;
/** `waitUntil` ends 30 s after a response. */
const MAX_IDLE_MS = 45_000;
const POLL_MS = 250;
const DAY_MS = 86_400_000;

const POLICY = {
  version: 5,
  origin: { timeoutMs: 2000 },
  edge: { maxTokens: MAX_EDGE_TOKENS },
  sampling: { ratio: 0.1 },
};

const NOTES = [
  `The system of the bench faults. Mix: of 25 requests 18 short texts, a list of three, one long text, one of ${MAX_EDGE_TOKENS - 8} tokens, one with an API key, one with parameters, two invalid. Sent at their times, whether or not those before are answered.`,
  `Capacity: ${IN_FLIGHT} requests in flight, measured by the first ${CAPACITY_PART * 100} % of each part; the others are sent at ${LOAD_FACTOR * 100} % of it, and p95 is of them: the median of the p95 of blocks of ${BLOCK_REQUESTS}. The parts begin when the p95 is steady. Each part between the first and the last has a fault for 3 s. After each part V8 collects garbage before the heap is read; the slope is the least-squares line without the first part.`,
  "records: what the gateway reports at a request's end, counted per answer. counted: requests of the control plane's ledger. A tenth of the traces are exported, and all of failed, refused and slow requests.",
  "left: timers of the gateway's clock, work under waitUntil and subrequests that have not ended when the system is idle.",
  `Heap and p95 are judged from ${MIN_JUDGED_REQUESTS} requests on.`,
];

export const soakBench: Bench = {
  name: "soak",
  summary: "heap, timers, records and p95 over 100,000 mixed requests at 80 % of capacity, with faults in between",
  options: { requests: numberOption("requests in all parts together", REQUESTS) },
  quick: { requests: String(QUICK_REQUESTS) },
  run(values: OptionValues) {
    const requests = wholeNumber(values, "requests", REQUESTS);
    const pace = values["quick"] === true ? "quick" : "full";
    return withWorkspace(MAX_BENCH_MS, (workspace) =>
      withFaultySystem(workspace, { policy: POLICY, slowOriginMs: 500 }, (system) => run(system, { requests, pace })),
    );
  },
};

interface Size {
  requests: number;
  pace: "quick" | "full";
}

async function run(system: FaultySystem, { requests, pace }: Size): Promise<Report> {
  const { make } = await textsOf(system.opened);
  const sender = new MixSender({
    url: system.gateway.url,
    requests: mixedRequests(make),
    keyHeaders: system.headers(0),
  });
  const inspector = await Inspector.connect(system.gateway);
  try {
    const warm = await step("warming up", () => sender.capacity(IN_FLIGHT, WARM_REQUESTS[pace]));
    if (pace === "full") await step("until the p95 is steady", () => untilSteady(sender, warm.perSecond * LOAD_FACTOR));
    sender.disconnect();
    const before = await idle(system);
    const filesBefore = await openFiles(system);
    const tracesBefore = new Map(system.backend.traces);
    system.backend.takeRefusals();
    const parts: SoakPart[] = [];
    const faults = disturbances();
    const count = PARTS[pace];
    for (let part = 0; part < count; part++) {
      const fault = part === 0 || part === count - 1 ? null : (faults[(part - 1) % faults.length] ?? null);
      const asked = Math.floor(((part + 1) * requests) / count) - Math.floor((part * requests) / count);
      const capacity = await step(`part ${part + 1} of ${count}: capacity`, () =>
        sender.capacity(IN_FLIGHT, Math.round(asked * CAPACITY_PART)),
      );
      const ratePerSecond = capacity.perSecond * LOAD_FACTOR;
      const left = asked - capacity.counts.asked;
      const disturbed = fault === null ? Promise.resolve() : disturb(fault, system);
      const sent = await step(
        `part ${part + 1} of ${count}: ${left} requests, ${Math.round(ratePerSecond)} per second; ${fault?.name ?? "no fault"}`,
        () => Promise.all([sender.atRate(left, ratePerSecond), disturbed]).then(([counts]) => counts),
      );
      // It forgets timers that ended with their requests: they are the bench's, not the gateway's.
      await system.facts();
      const seen = { refusals: system.backend.takeRefusals(), loadAverage: tenths(loadavg()[0] ?? 0) };
      const counts = { ...sumOf(sent, capacity.counts), tookMs: sent.tookMs, capacityPerSecond: capacity.perSecond };
      parts.push({ ...counts, ...seen, fault: fault?.name ?? null, heap: await inspector.collectedHeapUsage() });
    }
    sender.disconnect();
    const after = await step("until the system is idle", () => idle(system));
    const records = after.records - before.records;
    const ledger = await step("asking the ledger", () => countedInLedger(after.records, system));
    const traces = [...system.backend.traces].filter(([id]) => !tracesBefore.has(id));
    const result = soakResult({
      parts,
      records,
      counted: ledger - before.records,
      traced: traces.length,
      tracedTwice: traces.filter(([, times]) => times > 1).length,
      left: leftOf(after),
      openFiles: { before: filesBefore, after: await openFiles(system) },
    });
    const problem = result.problems.length === 0 ? null : `${result.problems.join("; ")}.`;
    return { result, tables: soakTables(result), notes: NOTES, problem };
  } finally {
    inspector.close();
  }
}

async function untilSteady(sender: MixSender, ratePerSecond: number): Promise<void> {
  let before = Number.POSITIVE_INFINITY;
  for (let sent = 0; sent < STEADY.most; sent++) {
    const p95 = p95Of((await sender.atRate(STEADY.requests, ratePerSecond)).tookMs);
    if (Math.max(p95 / before, before / p95) <= STEADY.ratio) return;
    before = p95;
  }
}

function openFiles({ gateway: { pid } }: FaultySystem): Promise<number | null> {
  return pid === null ? Promise.resolve(null) : openFilesOf(pid);
}

function leftOf({ timers, background, subrequests, strayRecords }: IsolateFacts) {
  return { timers, background, subrequests, strayRecords };
}

/** Waits until nothing is under way. @returns the facts then, or after the longest wait */
async function idle({ facts }: FaultySystem): Promise<IsolateFacts> {
  const untilMs = performance.now() + MAX_IDLE_MS;
  for (;;) {
    const seen = await facts();
    const isIdle = Object.values(leftOf(seen)).every((count) => count === 0);
    if (isIdle || performance.now() > untilMs) {
      if (!isIdle) process.stderr.write(`    not idle: ${JSON.stringify(leftOf(seen))}\n`);
      return seen;
    }
    await sleep(POLL_MS);
  }
}

/** @returns the requests that the ledger counts in all, once it has so many, or after its longest wait */
async function countedInLedger(requests: number, { control }: FaultySystem): Promise<number> {
  const fromMs = Date.now() - DAY_MS;
  const ask = (least: number) => countedOnce(least, control.url(), fromMs);
  const { report } = await ask(requests).catch(() => ask(0));
  return report.requests;
}
