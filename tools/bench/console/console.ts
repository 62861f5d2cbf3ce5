/** Bench `console`: what the first view of each page of the console transfers, and when it is interactive, in a real Chromium on a running system. */
import { z } from "zod";
import { findBrowser, openBrowser } from "../../pictures/browser.ts";
import { askControlPlane } from "../../spillway/control-plane/ask.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { percentile, tenths } from "../../statistics.ts";
import { schedule } from "../../traffic/schedule.ts";
import { send } from "../../traffic/send.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { reportOnce, type System, startSystem } from "../plan/system.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { interactiveMsOf, loadTwice, type PageLoad, type TwoLoads } from "./load-page.ts";

const LOADS = { min: 3, max: 500, fallback: 20 };
const SECONDS = { min: 5, max: 600, fallback: 30 };
const MAX_BENCH_MS = 30 * 60_000;
const SHARE_PERCENT = 20;
/** At a rate that the local origin serves. */
const MIX = { rate: 8, longPercent: 0.3, callers: 40, seed: 1 };
/** Looked at while the pages are loaded, and never decided. */
const ROLLOUT = { kind: "share", target: 100, lookEveryMs: 5000, author: "bench" };
/** A page of one line from the same server: what a page costs in this browser on this machine. */
const CONTROL = { path: "/healthz", field: null };
/** The pages, and the field of each that gets the key. The overview is the first view after the sign-in. */
const PAGES = [
  { path: "/", field: null },
  { path: "/rollouts", field: "#to" },
  { path: "/policy", field: "#text" },
] as const;

/** The promise for the first view. */
const MAX_FIRST_VIEW_BYTES = 60_000;
const MAX_INTERACTIVE_MS = 300;

const NOTES = [
  "Interactive: from the begin of the navigation until the largest content of the view is presented (the figures are in the HTML), the module has run, and the page's main thread has no task of 50 ms or more. A key that is pressed then is answered by a frame within 50 ms; otherwise the time of its answer counts.",
  "First: an empty cache in a new window, once Chromium is idle. Again: the same window, its cache filled. The pages are loaded in turns.",
  `${CONTROL.path} is the control: one line from the same server, which is what a page costs in this browser.`,
  "Bytes: of HTML with its stylesheet, module and icon before compression; transferred: with compression and headers. Browser and system share the machine.",
];

export const consoleBench: Bench = {
  name: "console",
  summary:
    "what the console transfers and when it is interactive in a real Chromium: figures painted, module run, keys answered within 50 ms",
  options: {
    loads: numberOption("loads of each page", LOADS),
    seconds: numberOption("of traffic before them", SECONDS),
  },
  quick: { loads: "5", seconds: "5" },
  async run(values: OptionValues) {
    const loads = wholeNumber(values, "loads", LOADS);
    const durationMs = 1000 * wholeNumber(values, "seconds", SECONDS);
    const browserPath = await findBrowser();
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, { loads, durationMs, browserPath }));
  },
};

interface Work {
  loads: number;
  durationMs: number;
  browserPath: string;
}

async function run(workspace: Workspace, { loads, durationMs, browserPath }: Work): Promise<Report> {
  const system = await step("starting the system", () => startSystem(workspace, SHARE_PERCENT));
  await step("sending texts", () => sendTexts(system, durationMs));
  const browser = await openBrowser(browserPath);
  try {
    // The first window of a browser is slower.
    await loadTwice(browser, system.control, null);
    const seen = [CONTROL, ...PAGES].map((page) => ({ ...page, all: [] as TwoLoads[] }));
    await step(`${loads} first and repeated loads of each page`, async () => {
      for (let load = 0; load < loads; load++) {
        for (const { path, field, all } of seen)
          all.push(await loadTwice(browser, new URL(path, system.control), field));
      }
    });
    return reportOf(
      seen.map(({ path, all }) => summaryOf(path, all)),
      loads,
    );
  } finally {
    await browser.close();
  }
}

async function sendTexts({ gateway, control }: System, durationMs: number): Promise<void> {
  const fromMs = Date.now();
  const question = { method: "POST", path: "/v1/rollouts", body: ROLLOUT } as const;
  await askControlPlane({ url: control, token: null }, question, z.looseObject({}));
  let answers = 0;
  const answered = () => {
    answers += 1;
  };
  const sending = { signal: new AbortController().signal, answered };
  await send(schedule({ ...MIX, durationMs }), { url: gateway, headers: {} }, sending);
  await reportOnce(answers, control, fromMs);
}

type PageSummary = ReturnType<typeof summaryOf>;

/** Times in ms; sizes are the largest. */
export function summaryOf(path: string, all: readonly TwoLoads[]) {
  const firsts = all.map(({ first }) => first);
  return {
    path,
    decodedBytes: Math.max(...firsts.map(({ decodedBytes }) => decodedBytes)),
    shift: Math.max(...firsts.map(({ shift }) => shift)),
    first: timesOf(firsts),
    again: timesOf(all.map(({ again }) => again)),
  };
}

function timesOf(loads: readonly PageLoad[]) {
  const of = (value: (load: PageLoad) => number) => {
    const values = loads.map(value);
    return {
      min: tenths(Math.min(...values)),
      p50: tenths(percentile(values, 50)),
      p95: tenths(percentile(values, 95)),
    };
  };
  return {
    requests: Math.max(...loads.map(({ requests }) => requests)),
    transferredBytes: Math.max(...loads.map(({ transferredBytes }) => transferredBytes)),
    firstByteMs: of(({ firstByteMs }) => firstByteMs),
    paintedMs: of(({ paintedMs }) => paintedMs),
    handlesMs: of(({ handlesMs }) => handlesMs),
    interactiveMs: of(interactiveMsOf),
    answerMs: of(({ answerMs }) => answerMs),
  };
}

/** @param pages the control is the first, and the first view the second */
export function reportOf(pages: readonly PageSummary[], loads: number): Report {
  const [control, ...others] = pages;
  const both = ({ min, p50 }: { min: number; p50: number }) => `${min}, ${p50}`;
  const rowOf = ({ path, ...page }: PageSummary, load: "first" | "again") => {
    const { requests, transferredBytes, firstByteMs, paintedMs, handlesMs, interactiveMs, answerMs } = page[load];
    const times = [firstByteMs, paintedMs, handlesMs, interactiveMs, answerMs].map(both);
    return [path, load, requests, page.decodedBytes, transferredBytes, ...times];
  };
  return {
    result: { loads, control, pages: others },
    tables: [
      {
        title: "First and repeated loads; times in ms: minimum, median",
        header: [
          ...["page", "load", "requests", "bytes", "transferred"],
          ...["first byte", "painted", "module has run", "interactive", "key answered"],
        ],
        rows: pages.flatMap((page) => [rowOf(page, "first"), rowOf(page, "again")]),
      },
    ],
    notes: NOTES,
    problem: problemOf(pages),
  };
}

function problemOf([control, view]: readonly PageSummary[]): string | null {
  if (control === undefined || view === undefined) return null;
  const { decodedBytes, first } = view;
  if (decodedBytes > MAX_FIRST_VIEW_BYTES)
    return `The first view has ${decodedBytes} bytes; at most ${MAX_FIRST_VIEW_BYTES} were promised.`;
  const { p50 } = first.interactiveMs;
  if (p50 <= MAX_INTERACTIVE_MS) return null;
  const base = `a page of one line needs ${control.first.interactiveMs.p50} ms in this browser`;
  return `The first view is interactive after ${p50} ms (${base}); at most ${MAX_INTERACTIVE_MS} ms were promised.`;
}
