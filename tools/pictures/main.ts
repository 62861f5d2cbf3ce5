/**
 * `npm run pictures`: the README's pictures of traces, from a running system: an edge request, a spilled one, a failed-over one. Needs a
 * Chromium on this machine (Debian: apt-get install chromium).
 */
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { type Child, startChild } from "../process/child.ts";
import { freePort } from "../process/ports.ts";
import { waitFor } from "../process/wait-for.ts";
import { withLocalKv } from "../spillway/kv/local-kv.ts";
import { step } from "../spillway/terminal/progress.ts";
import { newCredentials } from "../start/credentials.ts";

const SHORT = "WIN a free prize now, click here";
const LONG = "Hi Anna, the notes of the meeting are attached, see you at lunch on Thursday. ".repeat(60);

const stateFolder = await mkdtemp(join(tmpdir(), "spillway-pictures-"));
const [gatewayPort, originPort, viewerPort] = [await freePort(), await freePort(), await freePort()];
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
  await withLocalKv("POLICIES", `${stateFolder}/wrangler`, undefined, (kv) => kv.put("policy", JSON.stringify(policy)));
}

async function untilObeyed(): Promise<void> {
  while ((await classify(SHORT)).because !== "override") await new Promise((resolve) => setTimeout(resolve, 2000));
}

try {
  // An origin of our own, so that it can be ended while the rest runs on.
  const origin = await step("starting an origin", () =>
    start("origin", "tools/local-lambda/main.ts", {
      ...credentials,
      SPILLWAY_ORIGIN_PORT: String(originPort),
      SPILLWAY_ORIGIN_PREWARM: "1",
    }),
  );
  const system = await start("system", "tools/start/main.ts", {
    ...credentials,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
    SPILLWAY_ORIGIN_URL: `http://127.0.0.1:${originPort}/`,
    SPILLWAY_STATE_DIR: stateFolder,
    SPILLWAY_PORT: String(gatewayPort),
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
  const viewer = await openViewer(otlp);
  try {
    // The first of each warm up; the viewer is emptied before what is shown.
    for (const text of [SHORT, LONG]) await classify(text);
    await shoot("edge", SHORT);
    await shoot("spilled", LONG);
    await setPolicy({ version: 1, override: "origin" });
    await step("waiting for the policy", () => untilObeyed());
    await origin.stop();
    await shoot("failed-over", SHORT);

    async function shoot(name: string, text: string): Promise<void> {
      await viewer.clear();
      const { traceId } = await classify(text);
      await viewer.shoot(traceId, `docs/images/trace-${name}.png`);
    }
  } finally {
    await viewer.close();
  }
} finally {
  for (const child of children.toReversed()) await child.stop();
  await rm(stateFolder, { recursive: true, force: true });
}

/** The local trace viewer's page in a real browser. */

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Offline, and without what a first start would ask for. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PAGE = { width: 1280, height: 900 };
/** Right of the page's own menu. */
const MENU_PX = 262;
const ABOVE_PX = 80;
/** Of a trace: its title, then a row a span. */
const HEAD_PX = 158;
const ROW_PX = 40;
const MARGIN_PX = 24;

export interface Viewer {
  /** Forgets all traces. */
  clear(): Promise<void>;
  /** Takes a picture of one trace, as soon as it is shown with all its spans. */
  shoot(traceId: string, file: string): Promise<void>;
  close(): Promise<void>;
}

/** @throws Error with one sentence where there is no browser on this machine */
export async function openViewer(url: string): Promise<Viewer> {
  const browser = await chromium.launch({ executablePath: await findBrowser(), args: FLAGS });
  const page = await browser.newPage({ viewport: PAGE });
  return {
    clear: async () => {
      await fetch(`${url}/v1/traces`, { method: "DELETE" });
    },
    shoot: async (traceId, file) => {
      const spans = await settledSpans(url, traceId);
      await page.goto(url);
      await page.getByText("POST /v1/classify").first().click();
      await page.getByText(`Trace ID: ${traceId}`).waitFor();
      const heightPx = HEAD_PX + spans * ROW_PX + MARGIN_PX;
      await page.screenshot({
        path: file,
        clip: {
          x: MENU_PX,
          y: ABOVE_PX,
          width: PAGE.width - MENU_PX,
          height: Math.min(heightPx, PAGE.height - ABOVE_PX),
        },
      });
    },
    close: () => browser.close(),
  };
}

/** Exports of both sides come one after the other: the trace is whole when nothing has come for a while. */
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

async function findBrowser(): Promise<string> {
  for (const path of BROWSERS) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new Error("There is no Chromium on this machine; install one (Debian: apt-get install chromium).");
}
