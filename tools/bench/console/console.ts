/** Bench `console`: what the first view of each page of the console transfers, and when it reacts, in a real Chromium on a running system. */
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
import { loadPage, type PageLoad } from "./load-page.ts";

const LOADS = { min: 3, max: 500, fallback: 30 };
const SECONDS = { min: 5, max: 600, fallback: 30 };
const MAX_BENCH_MS = 30 * 60_000;
const SHARE_PERCENT = 20;
/** At a rate that the local origin serves. */
const MIX = { rate: 8, longPercent: 0.3, callers: 40, seed: 1 };
/** Looked at while the pages are loaded, and never decided. */
const ROLLOUT = { kind: "share", target: 100, lookEveryMs: 5000, author: "bench" };
/** The pages, and the field of each that gets the first key. The overview is the first view after the sign-in. */
const PAGES = [
  { path: "/", field: null },
  { path: "/rollouts", field: "#to" },
  { path: "/policy", field: "#text" },
] as const;

/** The promise for the first view. */
const MAX_FIRST_VIEW_BYTES = 60_000;
const MAX_REACTION_MS = 300;

const NOTES = [
  "Each load has an empty cache and a new browser context. Bytes: of HTML, stylesheet and module before compression; transferred: with compression, headers and the icon.",
  "Reacts: from the begin of the navigation to the frame after the first key that the browser accepts. Keys are pressed from when the document begins to arrive; Chromium drops those before the first paint.",
  "Browser, system and traffic share the machine. The control plane makes each page anew; nothing is cached.",
];

export const consoleBench: Bench = {
  name: "console",
  summary: "what the first view of the console transfers, and when it reacts, in a real Chromium",
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
    // The first context of a browser is slower.
    await loadPage(browser, system.control, null);
    const pages = [];
    for (const { path, field } of PAGES) {
      const address = new URL(path, system.control);
      const seen = await step(`${loads} loads of ${path}`, async () => {
        const all: PageLoad[] = [];
        for (let load = 0; load < loads; load++) all.push(await loadPage(browser, address, field));
        return all;
      });
      pages.push(summaryOf(path, seen));
    }
    return reportOf(pages, loads);
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

/** Times in ms. */
export function summaryOf(path: string, loads: readonly PageLoad[]) {
  const of = (name: keyof PageLoad) => {
    const values = loads.map((load) => load[name]);
    return { p50: tenths(percentile(values, 50)), p95: tenths(percentile(values, 95)) };
  };
  const largest = (name: keyof PageLoad) => Math.max(...loads.map((load) => load[name]));
  return {
    path,
    requests: largest("requests"),
    decodedBytes: largest("decodedBytes"),
    transferredBytes: largest("transferredBytes"),
    firstByteMs: of("firstByteMs"),
    paintedMs: of("paintedMs"),
    contentLoadedMs: of("contentLoadedMs"),
    reactedMs: of("reactedMs"),
  };
}

/** @param pages the first view is the first */
export function reportOf(pages: readonly PageSummary[], loads: number): Report {
  const both = ({ p50, p95 }: { p50: number; p95: number }) => `${p50}, ${p95}`;
  return {
    result: { loads, pages },
    tables: [
      {
        title: "Loads with an empty cache; times in ms: median, 95th percentile",
        header: ["page", "requests", "bytes", "transferred", "first byte", "painted", "module has run", "reacts"],
        rows: pages.map(
          ({ path, requests, decodedBytes, transferredBytes, firstByteMs, paintedMs, contentLoadedMs, reactedMs }) => [
            path,
            requests,
            decodedBytes,
            transferredBytes,
            ...[firstByteMs, paintedMs, contentLoadedMs, reactedMs].map(both),
          ],
        ),
      },
    ],
    notes: NOTES,
    problem: problemOf(pages),
  };
}

function problemOf([first]: readonly PageSummary[]): string | null {
  if (first === undefined) return null;
  const { decodedBytes, reactedMs, contentLoadedMs } = first;
  if (decodedBytes > MAX_FIRST_VIEW_BYTES)
    return `The first view has ${decodedBytes} bytes; at most ${MAX_FIRST_VIEW_BYTES} were promised.`;
  const interactiveMs = Math.max(reactedMs.p50, contentLoadedMs.p50);
  if (interactiveMs <= MAX_REACTION_MS) return null;
  return `The first view is interactive after ${interactiveMs} ms; at most ${MAX_REACTION_MS} ms were promised.`;
}
