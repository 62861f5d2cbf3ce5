/** The documentation's picture of a report: an experiment on a running system, whose report is made by the code of the command. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findingsOf } from "../../control-plane/report/findings.ts";
import { policyFactsOf } from "../../control-plane/report/policy-facts.ts";
import { type Report, reportOf } from "../../control-plane/report/report.ts";
import { type Child, startChild } from "../process/child.ts";
import { freePort } from "../process/ports.ts";
import { runToEnd } from "../process/run-to-end.ts";
import { waitFor } from "../process/wait-for.ts";
import { getLedger } from "../spillway/control-plane/get-ledger.ts";
import { withLocalKv } from "../spillway/kv/local-kv.ts";
import { reportPage } from "../spillway/report/page.ts";
import { step } from "../spillway/terminal/progress.ts";
import { schedule } from "../traffic/schedule.ts";
import { send } from "../traffic/send.ts";
import { openBrowser } from "./browser.ts";

const POLICY = JSON.stringify({ version: 1, edge: { share: 50, stickyBy: "text" }, shadow: { share: 40 } });
/** More than 1,000 texts in each arm, at a rate that the local origin serves: a long text takes it a second. */
const MIX = { rate: 15, longPercent: 0.3, durationMs: 140_000, callers: 40, seed: 1 };
/** Before the experiment: an isolate's first runs are slower. */
const WARM_UP = { durationMs: 5000, seed: 2 };
/** Isolates send every 5 s: counts that stay the same for this time are complete. */
const SETTLED_MS = 20_000;
const WIDTH_PX = 1000;
const MARGIN_PX = 20;

export interface Experiment {
  /** As stored when the system starts. */
  policy: string;
  mix: Mix;
}

/** A running system, to which texts were sent. */
export interface Ran {
  folder: string;
  gateway: string;
  control: URL;
  /** When the first text was sent. */
  fromMs: number;
  /** Sends the mix once more. */
  sendAgain(): Promise<void>;
}

type Mix = Parameters<typeof schedule>[0];

/** Starts a system with a separate state, warms it up, sends texts, and ends it when `work` is done. Takes minutes. */
export async function withExperiment({ policy, mix }: Experiment, work: (ran: Ran) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-report-"));
  const ports = {
    gateway: await freePort(),
    control: await freePort(),
    origin: await freePort(),
    viewer: await freePort(),
  };
  const gateway = `http://127.0.0.1:${ports.gateway}`;
  const children: Child[] = [];
  await runToEnd({
    stoppedMessage: "Stopped before the picture was made.",
    async work() {
      await withLocalKv("POLICIES", `${folder}/wrangler`, (kv) => kv.put("policy", policy));
      const env = {
        SPILLWAY_STATE_DIR: folder,
        SPILLWAY_PORT: String(ports.gateway),
        SPILLWAY_CONTROL_PORT: String(ports.control),
        SPILLWAY_ORIGIN_PORT: String(ports.origin),
        SPILLWAY_OTLP_PORT: String(ports.viewer),
      };
      const start = [process.execPath, "tools/start/main.mjs"] as const;
      const started = await startChild("system", start, { ...process.env, ...env }, `${folder}/system.log`);
      children.push(started);
      await step("starting the system of the experiment", () =>
        waitFor({
          url: `${gateway}/readyz`,
          isReady: async (response) => ((await response.json()) as { edge: { state: string } }).edge.state === "ready",
          died: started.died,
          atMostMs: 180_000,
          what: "system",
        }),
      );
      const fromMs = Date.now();
      const target = { url: gateway, headers: {} };
      const sending = { signal: new AbortController().signal, answered: () => {} };
      const sendMix = async () => void (await send(schedule(mix), target, sending));
      await step("warming up both sides", () => send(schedule({ ...mix, ...WARM_UP }), target, sending));
      await step("running the experiment", sendMix);
      const control = new URL(`http://127.0.0.1:${ports.control}`);
      await work({ folder, gateway, control, fromMs, sendAgain: sendMix });
    },
    async end() {
      for (const child of children) await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  });
}

/** Takes minutes. @param file of the picture */
export async function takeReportPicture(browserPath: string, file: string): Promise<void> {
  await withExperiment({ policy: POLICY, mix: MIX }, async ({ folder, control, fromMs }) => {
    const report = await step("waiting for the counts", () => settledReport(control, fromMs));
    await writeFile(`${folder}/report.html`, await reportPage(report, findingsOf(report)));
    await capture(browserPath, `${folder}/report.html`, file);
  });
}

async function settledReport(url: URL, fromMs: number): Promise<Report> {
  for (let before = -1; ; await sleep(SETTLED_MS)) {
    const nowMs = Date.now();
    const answer = await getLedger({ url, fromMs, toMs: nowMs, token: null });
    const report = reportOf({ answer, nowMs, policies: policyFactsOf([POLICY]) });
    if (report.requests > 0 && report.requests === before) return report;
    before = report.requests;
  }
}

/** From the top to the end of the distribution of times. */
async function capture(browserPath: string, page: string, file: string): Promise<void> {
  const browser = await openBrowser(browserPath);
  try {
    const tab = await browser.newPage({ viewport: { width: WIDTH_PX, height: 800 }, colorScheme: "light" });
    await tab.goto(`file://${page}`);
    const bottom = await tab.locator(".full").nth(1).boundingBox();
    const height = bottom === null ? 800 : Math.ceil(bottom.y + bottom.height + MARGIN_PX);
    await tab.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width: WIDTH_PX, height } });
  } finally {
    await browser.close();
  }
}
