/** The local trace viewer's page in a real browser. */
import { access } from "node:fs/promises";
import { chromium } from "playwright-core";

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
