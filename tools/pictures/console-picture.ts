/** The documentation's pictures of the console: a running system with texts and a rollout, wide in light and narrow in dark. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { askControlPlane } from "../spillway/control-plane/ask.ts";
import { step } from "../spillway/terminal/progress.ts";
import { openBrowser } from "./browser.ts";
import { withExperiment } from "./report-picture.ts";

/** A machine that is slow meanwhile opens no breaker. */
const POLICY = JSON.stringify({
  version: 1,
  edge: { share: 20, stickyBy: "text" },
  shadow: { share: 20 },
  origin: { timeoutMs: 30_000 },
  breaker: { origin: { slowMs: 60_000 } },
});
/** At a rate that the local origin serves. */
const MIX = { rate: 8, longPercent: 0.3, durationMs: 45_000, callers: 40, seed: 1 };
/** A look each 5 s, and steps without a shortest time: a rollout of a minute. */
const ROLLOUT = {
  kind: "share",
  target: 100,
  steps: [50],
  lookEveryMs: 5000,
  thresholds: { minStepMs: 1000, minLastStepMs: 1000 },
  author: "Ann",
};
/** Isolates send their counts after 5 to 15 s, and the page asks every 5 s. */
const SETTLED_MS = 20_000;
const WIDE = { width: 1360, height: 1000 };
const NARROW = { width: 390, height: 844 };

/** Takes minutes. @param folder of the pictures */
export async function takeConsolePictures(browserPath: string, folder: string): Promise<void> {
  await withExperiment({ policy: POLICY, mix: MIX }, async ({ control, sendAgain }) => {
    const question = { method: "POST", path: "/v1/rollouts", body: ROLLOUT } as const;
    await askControlPlane({ url: control, token: null }, question, z.looseObject({}));
    await step("sending texts during a rollout", sendAgain);
    await step("waiting for the counts", () => sleep(SETTLED_MS));
    const browser = await openBrowser(browserPath);
    try {
      const wide = await browser.newPage({ viewport: WIDE, colorScheme: "light" });
      await wide.goto(new URL("/", control).href);
      await wide.screenshot({ path: `${folder}/console.png`, fullPage: true });
      await wide.goto(new URL("/rollouts", control).href);
      await wide.screenshot({ path: `${folder}/console-rollout.png` });
      // Like a phone: its scrollbar takes no room.
      const narrow = await browser.newPage({ viewport: NARROW, colorScheme: "dark", isMobile: true });
      await narrow.goto(new URL("/", control).href);
      await narrow.screenshot({ path: `${folder}/console-phone.png` });
    } finally {
      await browser.close();
    }
  });
}
