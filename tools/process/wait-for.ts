/** Asks an address until it answers as wanted, a child dies, or patience ends. */
import { setTimeout as sleep } from "node:timers/promises";

const ASK_EVERY_MS = 100;

export interface Waiting {
  url: string;
  headers?: Record<string, string>;
  /** Whether this answer is the one waited for; may throw to give up. */
  isReady: (response: Response) => boolean | Promise<boolean>;
  died: Promise<never>;
  atMostMs: number;
  what: string;
}

/** @throws Error with one sentence for people when time is up; whatever `died` rejects with. */
export async function waitFor({ url, headers = {}, isReady, died, atMostMs, what }: Waiting): Promise<void> {
  const untilMs = performance.now() + atMostMs;
  while (performance.now() < untilMs) {
    const asked = fetch(url, { headers, signal: AbortSignal.timeout(5000) }).catch(() => null);
    const response = await Promise.race([asked, died]);
    if (response !== null && (await isReady(response))) return;
    await Promise.race([sleep(ASK_EVERY_MS), died]);
  }
  throw new Error(`The ${what} did not get ready within ${atMostMs / 1000} s; see .spillway/logs.`);
}
