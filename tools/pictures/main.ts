/**
 * `npm run pictures`: takes the documentation's pictures from running systems: traces of a text at the edge, one at the origin, and one
 * whose origin failed; a report, and the console (`npm run pictures -- report` and `-- console` take only these). Needs Chromium on this machine (Debian: apt-get install chromium).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "../process/child.ts";
import { freePort } from "../process/ports.ts";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { runToEnd } from "../process/run-to-end.ts";
import { Interrupted } from "../process/signals.ts";
import { answerWithoutOptions, endWith } from "../process/standard-words.ts";
import { waitFor } from "../process/wait-for.ts";
import { withLocalKv } from "../spillway/kv/local-kv.ts";
import { oneSentence } from "../spillway/terminal/one-sentence.ts";
import { step } from "../spillway/terminal/progress.ts";
import { newCredentials } from "../start/credentials.ts";
import { LONG_TEXT, SHORT_TEXT } from "../start/greeting.ts";
import { findBrowser, openBrowser } from "./browser.ts";
import { takeConsolePictures } from "./console-picture.ts";
import { takeReportPicture } from "./report-picture.ts";

/** The layout of the trace viewer's page: a trace is right of the menu, with one row per span. */
const PAGE = { width: 1280, height: 900 };
const MENU_WIDTH_PX = 262;
const TOP_PX = 80;
const TRACE_TITLE_PX = 158;
const SPAN_ROW_PX = 40;
const MARGIN_PX = 24;

const USAGE = `Usage: npm run pictures [-- report | console]

Takes the documentation's pictures from running systems: all of them, or only those of the report or the console.`;

dropUnreadOutput();
const [only = "all", ...more] = process.argv.slice(2);
const isChoice = more.length === 0 && ["all", "report", "console"].includes(only);
endWith(isChoice ? null : answerWithoutOptions([only, ...more], "npm run pictures", USAGE));
const stateFolder = await mkdtemp(join(tmpdir(), "spillway-pictures-"));
const [gatewayPort, controlPort] = [await freePort(), await freePort()];
const [originPort, viewerPort] = [await freePort(), await freePort()];
const otlp = `http://127.0.0.1:${viewerPort}`;
const credentials = { ...newCredentials(), AWS_REGION: "us-east-1", OTEL_EXPORTER_OTLP_ENDPOINT: otlp };
const children: Child[] = [];

async function start(name: string, script: string, env: NodeJS.ProcessEnv): Promise<Child> {
  const log = `${stateFolder}/logs/picture-${name}.log`;
  const child = await startChild(name, [process.execPath, script], { ...process.env, ...env }, log);
  children.push(child);
  return child;
}

async function classify(text: string): Promise<{ traceId: string; because: string | null }> {
  const response = await fetch(`http://127.0.0.1:${gatewayPort}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: text }),
  });
  const because = response.headers.get("x-spillway-because");
  console.error(`    ${response.status} ${response.headers.get("x-spillway-route")}, ${because}`);
  return { traceId: response.headers.get("traceresponse")?.split("-")[1] ?? "", because };
}

async function setPolicy(policy: object): Promise<void> {
  await withLocalKv("POLICIES", `${stateFolder}/wrangler`, (kv) => kv.put("policy", JSON.stringify(policy)));
}

async function policyInForce(): Promise<void> {
  while ((await classify(SHORT_TEXT)).because !== "override") await new Promise((resolve) => setTimeout(resolve, 2000));
}

try {
  await runToEnd({
    stoppedMessage: "Stopped before all pictures were made.",
    async work() {
      const browserPath = await findBrowser();
      if (["all", "report"].includes(only)) await takeReportPicture(browserPath, "docs/images/report.png");
      if (["all", "console"].includes(only)) await takeConsolePictures(browserPath, "docs/images");
      if (only === "all") await takeTracePictures(browserPath);
    },
    async end() {
      for (const child of children.toReversed()) await child.stop();
      await rm(stateFolder, { recursive: true, force: true });
    },
  });
  process.exit(0);
} catch (error) {
  console.error(oneSentence(error));
  process.exit(error instanceof Interrupted ? error.exitCode : 1);
}

async function takeTracePictures(browserPath: string): Promise<void> {
  // A separate origin: it is stopped while the rest of the system keeps running.
  const origin = await step("starting an origin", () =>
    start("origin", "tools/local-lambda/main.ts", {
      ...credentials,
      SPILLWAY_ORIGIN_PORT: String(originPort),
      SPILLWAY_ORIGIN_PREWARM: "1",
    }),
  );
  const system = await start("system", "tools/start/main.mjs", {
    ...credentials,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
    SPILLWAY_ORIGIN_URL: `http://127.0.0.1:${originPort}/`,
    SPILLWAY_STATE_DIR: stateFolder,
    SPILLWAY_PORT: String(gatewayPort),
    SPILLWAY_CONTROL_PORT: String(controlPort),
    SPILLWAY_OTLP_PORT: String(viewerPort),
  });
  await step("starting the system", () =>
    waitFor({
      url: `http://127.0.0.1:${gatewayPort}/readyz`,
      isReady: async (response) => ((await response.json()) as { edge: { state: string } }).edge.state === "ready",
      died: Promise.race([origin.died, system.died]),
      atMostMs: 120_000,
      what: "system",
    }),
  );
  const viewer = await openViewer(otlp, browserPath);
  try {
    // Warms up both sides. These traces are not shown.
    for (const text of [SHORT_TEXT, LONG_TEXT]) await classify(text);
    await capture("edge", SHORT_TEXT);
    await capture("spilled", LONG_TEXT);
    await setPolicy({ version: 1, override: "origin" });
    await step("waiting for the policy", policyInForce);
    await origin.stop();
    await capture("failed-over", SHORT_TEXT);

    async function capture(name: string, text: string): Promise<void> {
      await viewer.clear();
      const { traceId } = await classify(text);
      await viewer.capture(traceId, `docs/images/trace-${name}.png`);
    }
  } finally {
    await viewer.close();
  }
}

/** The page of the trace viewer in a browser. */
interface Viewer {
  /** Deletes all traces. */
  clear(): Promise<void>;
  /** Takes a picture of one trace once all of its spans have arrived. */
  capture(traceId: string, file: string): Promise<void>;
  close(): Promise<void>;
}

async function openViewer(url: string, executablePath: string): Promise<Viewer> {
  const browser = await openBrowser(executablePath);
  const page = await browser.newPage({ viewport: PAGE });
  return {
    clear: async () => {
      await fetch(`${url}/v1/traces`, { method: "DELETE" });
    },
    capture: async (traceId, file) => {
      const spans = await settledSpans(url, traceId);
      await page.goto(url);
      await page.getByText("POST /v1/classify").first().click();
      await page.getByText(`Trace ID: ${traceId}`).waitFor();
      const heightPx = TRACE_TITLE_PX + spans * SPAN_ROW_PX + MARGIN_PX;
      await page.screenshot({
        path: file,
        clip: {
          x: MENU_WIDTH_PX,
          y: TOP_PX,
          width: PAGE.width - MENU_WIDTH_PX,
          height: Math.min(heightPx, PAGE.height - TOP_PX),
        },
      });
    },
    close: () => browser.close(),
  };
}

/** The two sides export separately: a trace is complete when no span has arrived for two seconds. @returns its number of spans */
async function settledSpans(url: string, traceId: string): Promise<number> {
  let seen = 0;
  for (let quiet = 0; quiet < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { traces } = (await (await fetch(`${url}/v1/traces`)).json()) as {
      traces: { traceId: string; spans: unknown[] }[];
    };
    const spans = traces.find((trace) => trace.traceId === traceId)?.spans.length ?? 0;
    quiet = spans > 0 && spans === seen ? quiet + 1 : 0;
    seen = spans;
  }
  return seen;
}
