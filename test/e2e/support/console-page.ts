/** What is done with a page of the console: the policy's form, refreshes, and what a browser finds wrong. */
import { setTimeout as sleep } from "node:timers/promises";
import axe from "axe-core";
import type { Page } from "playwright-core";

/** As Ann, up to the review. */
export async function editShare(page: Page, share: number): Promise<void> {
  await page.goto("/policy");
  await page.getByLabel("Policy, JSON").fill(JSON.stringify({ edge: { share } }));
  await page.getByLabel("Your name").fill("Ann");
  await page.getByRole("button", { name: "Review changes" }).click();
}

interface Screen {
  colorScheme: "light" | "dark";
  viewport: { width: number; height: number };
}

/** @returns the page, which is seen on this screen from then on, by a person who is not signed in */
export async function onScreen(page: Page, { colorScheme, viewport }: Screen): Promise<Page> {
  await page.context().clearCookies();
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme });
  return page;
}

/** Passes the time between two refreshes, and waits for the answer of the next. The page's clock is installed. */
export async function refreshed(page: Page): Promise<void> {
  const answered = page.waitForResponse((response) => response.url().includes("/live"));
  await page.clock.runFor(5000);
  const response = await answered;
  // An answer without a body, "nothing has changed", never counts as finished.
  if (response.status() === 200) await response.finished();
}

/** Half as long as the pauses between looks. */
const PAUSE_MS = 500;

/** Refreshes the page, with pauses, until it is as wanted. */
export async function refreshedUntil(page: Page, is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) {
    await sleep(PAUSE_MS);
    await refreshed(page);
  }
}

/** A script: the sum of layout shifts from then on is `window.shifts`. */
export const OBSERVE_SHIFTS = `window.shifts = 0; new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifts += value; }).observe({ type: "layout-shift" });`;

/** What axe-core finds: page, rule and elements of each. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations }: axe.AxeResults = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  return violations.map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
