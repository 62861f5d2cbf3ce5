/** One load of a page in a real Chromium with an empty cache: what it transfers, and when it reacts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";

export interface PageLoad {
  requests: number;
  /** Of the document, the stylesheet and the module, as the browser has them. */
  decodedBytes: number;
  /** Of these and the icon, as they were transferred: compressed, with headers. */
  transferredBytes: number;
  /** From the begin of the navigation. */
  firstByteMs: number;
  paintedMs: number;
  /** The module has run. */
  contentLoadedMs: number;
  /** The frame after the first key is presented; keys are pressed from when the document begins to arrive. */
  reactedMs: number;
}

const MAX_REACTION_MS = 20_000;
const POLL_MS = 5;

const RECORD_REACTION = `addEventListener("keydown", () => requestAnimationFrame(() => setTimeout(() => {
  window.reactedMs = performance.now(); })), { once: true, capture: true });`;
const TIMES = `(() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const { responseStart, domContentLoadedEventEnd, loadEventEnd } = navigation;
  const loaded = [navigation, ...performance.getEntriesByType("resource")];
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  if (!window.reactedMs || loadEventEnd === 0 || paint === undefined) return null;
  const decodedBytes = loaded.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
  return { decodedBytes, firstByteMs: responseStart, paintedMs: paint.startTime, contentLoadedMs: domContentLoadedEventEnd, reactedMs: window.reactedMs };
})()`;

type Times = Omit<PageLoad, "requests" | "transferredBytes">;

/** @param field the CSS selector of a field that gets the key; null: the page gets it @throws Error if the page does not react */
export async function loadPage(browser: Browser, address: URL, field: string | null): Promise<PageLoad> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const sizes: Promise<number>[] = [];
    page.on("requestfinished", (request) => {
      sizes.push(request.sizes().then((one) => one.responseBodySize + one.responseHeadersSize));
    });
    await page.addInitScript(RECORD_REACTION);
    await page.goto(address.href, { waitUntil: "commit" });
    const times = await timesOf(page, field);
    const all = await Promise.all(sizes);
    return { ...times, requests: all.length, transferredBytes: all.reduce((sum, bytes) => sum + bytes, 0) };
  } finally {
    await context.close();
  }
}

/** Chromium drops keys before the first paint, so they are pressed again until one is noticed. */
async function timesOf(page: Page, field: string | null): Promise<Times> {
  const untilMs = Date.now() + MAX_REACTION_MS;
  while (Date.now() < untilMs) {
    if ((await page.evaluate("window.reactedMs")) === undefined) {
      if (field === null) await page.keyboard.press("Tab");
      else await page.locator(field).press("End");
    }
    const times: Times | null = await page.evaluate(TIMES);
    if (times !== null) return times;
    await sleep(POLL_MS);
  }
  throw new Error(`${page.url()} did not react within ${MAX_REACTION_MS / 1000} s.`);
}
