/** Two loads of a page in a real Chromium, the first with an empty cache: what is transferred, and when the page is interactive. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";

/** Times in ms from the begin of the navigation, unless stated. */
export interface PageLoad {
  /** That were transferred, not from the cache. */
  requests: number;
  /** Of the document, the module and the icon, as the browser has them. */
  decodedBytes: number;
  /** Of these, as they were transferred: compressed, with headers. */
  transferredBytes: number;
  firstByteMs: number;
  /** The largest content of the view was presented (LCP). Figures are in the HTML, so it has them. */
  paintedMs: number;
  /** The module has run: its handlers are registered. */
  handlesMs: number;
  /** The end of the last task of 50 ms or more on the page's main thread; 0 without one. */
  busyMs: number;
  /** When a key was answered, which is pressed some time after the load. */
  answeredMs: number;
  /** From that key to the next frame. */
  answerMs: number;
  /** Cumulative layout shift, without what a key moves: it shows the link that skips the navigation. */
  shift: number;
}

export interface TwoLoads {
  first: PageLoad;
  again: PageLoad;
}

/** Within this, an answer is felt as immediate. https://web.dev/articles/tti, https://web.dev/articles/rail */
const MAX_ANSWER_MS = 50;
/** The largest paint and long tasks are reported some time after they end. */
const REPORTED_MS = 150;
const MAX_LOAD_MS = 20_000;
const MAX_KEY_MS = 1000;
const POLL_MS = 20;
const MAX_SETTLE_MS = 8000;
const SETTLE_POLL_MS = 100;
/** In each poll; asking for it costs some. */
const MAX_IDLE_CPU_MS = 20;

/** Runs before the page's scripts. */
const OBSERVE = `(() => {
  const seen = { paintedMs: 0, busyMs: 0, shift: 0, answeredMs: 0, answerMs: 0 };
  const observe = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  const painted = new Promise((resolve) => observe("paint", ({ name, startTime }) => {
    if (name !== "first-contentful-paint") return;
    seen.paintedMs = Math.max(seen.paintedMs, startTime);
    resolve();
  }));
  observe("largest-contentful-paint", ({ startTime }) => { seen.paintedMs = Math.max(seen.paintedMs, startTime); });
  observe("longtask", ({ startTime, duration }) => { seen.busyMs = Math.max(seen.busyMs, startTime + duration); });
  observe("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) seen.shift += value; });
  addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => setTimeout(() => {
    seen.answeredMs = performance.now();
    seen.answerMs = seen.answeredMs - timeStamp;
  })), { once: true, capture: true });
  const loaded = new Promise((resolve) => addEventListener("load", resolve));
  window.spillwayBench = { seen, ready: Promise.all([painted, loaded]).then(() => new Promise((resolve) => setTimeout(resolve, ${REPORTED_MS}))) };
})()`;
/** Null until a key was answered. */
const READ = `(() => {
  const { seen } = window.spillwayBench;
  if (seen.answeredMs === 0) return null;
  const [navigation] = performance.getEntriesByType("navigation");
  const all = [navigation, ...performance.getEntriesByType("resource")];
  const sum = (name) => all.reduce((total, entry) => total + entry[name], 0);
  return { ...seen, requests: all.filter(({ transferSize }) => transferSize > 0).length, decodedBytes: sum("decodedBodySize"),
    transferredBytes: sum("transferSize"), firstByteMs: navigation.responseStart, handlesMs: navigation.domContentLoadedEventEnd };
})()`;

/**
 * When the view is filled, its handlers are registered and its main thread is free, so that a key is answered within 50 ms: "time to
 * interactive". https://web.dev/articles/tti
 */
export function interactiveMsOf({ paintedMs, handlesMs, busyMs, answeredMs, answerMs }: PageLoad): number {
  const readyMs = Math.max(paintedMs, handlesMs, busyMs);
  return answerMs <= MAX_ANSWER_MS ? readyMs : Math.max(readyMs, answeredMs);
}

/**
 * A window with an empty cache, in which the page is opened twice.
 * @param field the CSS selector of a field that gets the key; null: the page gets it
 * @throws Error if the page does not answer
 */
export async function loadTwice(browser: Browser, address: URL, field: string | null): Promise<TwoLoads> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(OBSERVE);
    const load = async (): Promise<PageLoad> => {
      await settled(browser);
      await page.goto(address.href, { waitUntil: "commit", timeout: MAX_LOAD_MS });
      return readLoad(page, field);
    };
    const first = await load();
    await page.goto("about:blank");
    return { first, again: await load() };
  } finally {
    await context.close();
  }
}

async function readLoad(page: Page, field: string | null): Promise<PageLoad> {
  const untilMs = Date.now() + MAX_LOAD_MS;
  const isReady = page.evaluate("window.spillwayBench.ready").then(() => true);
  if (!(await Promise.race([isReady, sleep(MAX_LOAD_MS, false)]))) throw late(page);
  while (Date.now() < untilMs) {
    if (field === null) await page.keyboard.press("Tab");
    else await page.locator(field).press("End");
    for (const keyMs = Date.now(); Date.now() < keyMs + MAX_KEY_MS; await sleep(POLL_MS)) {
      const load: PageLoad | null = await page.evaluate(READ);
      if (load !== null) return load;
    }
  }
  throw late(page);
}

function late(page: Page): Error {
  return new Error(`${page.url()} was not loaded, or answered no key, within ${MAX_LOAD_MS / 1000} s.`);
}

/** A new window costs Chromium up to a second of a core for its frame. A person opens the page in a window that is there. */
async function settled(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const cpuMs = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.reduce((sum, { cpuTime }) => sum + 1000 * cpuTime, 0);
  };
  const untilMs = Date.now() + MAX_SETTLE_MS;
  let before = await cpuMs();
  for (let idle = 0; idle < 2 && Date.now() < untilMs; ) {
    await sleep(SETTLE_POLL_MS);
    const now = await cpuMs();
    idle = now - before <= MAX_IDLE_CPU_MS ? idle + 1 : 0;
    before = now;
  }
  await session.detach();
}
