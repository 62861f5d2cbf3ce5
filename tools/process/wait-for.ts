/** Waits for an HTTP service to become ready. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_INTERVAL_MS = 100;
const REQUEST_TIMEOUT_MS = 5000;

export interface Waiting {
  url: string;
  headers?: Record<string, string>;
  /** Whether this response means that the service is ready. An error that it throws ends the wait. */
  isReady: (response: Response) => boolean | Promise<boolean>;
  /** Rejects when the service's process exits. */
  died: Promise<never>;
  atMostMs: number;
  /** The service, for the message. */
  what: string;
  /** Path of its log, for the message. */
  logs?: string;
}

/** @throws Error with one sentence when time is up; the error of `died` or `isReady` */
export async function waitFor({ url, headers = {}, isReady, died, atMostMs, what, logs }: Waiting): Promise<void> {
  const untilMs = performance.now() + atMostMs;
  while (performance.now() < untilMs) {
    const asked = fetch(url, { headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).catch(() => null);
    const response = await Promise.race([asked, died]);
    if (response !== null && (await isReady(response))) return;
    await Promise.race([sleep(POLL_INTERVAL_MS), died]);
  }
  throw new Error(`The ${what} was not ready within ${atMostMs / 1000} s${logs === undefined ? "" : `; see ${logs}`}.`);
}
