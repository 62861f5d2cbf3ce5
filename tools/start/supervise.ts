/** A service that may die and come back: `npm start` reports it, starts it again, and everything else keeps running. */
import type { Child } from "../process/child.ts";

const FIRST_PAUSE_MS = 1000;
export const MAX_PAUSE_MS = 30_000;
/** After this time of work, the next pause is the first one again. */
const STABLE_MS = 60_000;

export interface Service {
  /** As the messages name it: "origin". */
  name: string;
  /** Starts it, and resolves when it answers. A start that fails leaves no process. */
  start(): Promise<Child>;
  /** What callers notice while it is down, as lines for the user. */
  whileDown(): Promise<readonly string[]>;
  /** What happens once it is back, as a sentence. */
  onceBack: string;
}

/** What the loop needs from outside; tests replace the clock. */
export interface Supervision {
  nowMs(): number;
  pause(ms: number): Promise<void>;
  /** Prints a line. */
  report(line: string): void;
  /** Whether the whole system is being stopped. */
  isStopping(): boolean;
}

/**
 * Starts a service again each time that its process ends, with pauses from 1 s that double up to `MAX_PAUSE_MS`. It never gives up: the
 * cause, such as a port that is in use, may go away.
 * @param running its process, which has answered
 * @returns when the system is being stopped
 */
export async function supervise(
  { name, start, whileDown, onceBack }: Service,
  running: Child,
  { nowMs, pause, report, isStopping }: Supervision,
): Promise<void> {
  let child = running;
  let sinceMs = nowMs();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const how = await child.ended;
    if (isStopping()) return;
    // What it had started may still run, and hold its port.
    await child.stop();
    if (nowMs() - sinceMs >= STABLE_MS) pauseMs = FIRST_PAUSE_MS;
    report(`! The ${name} ended (${how}). Its log: ${child.logFile}`);
    for (const line of await whileDown()) report(`  ${line}`);
    let next: Child | null = null;
    while (next === null) {
      report(`  Starting the ${name} again in ${pauseMs / 1000} s.`);
      await pause(pauseMs);
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      if (isStopping()) return;
      next = await start().catch((error: unknown) => {
        if (!isStopping())
          report(`! The ${name} did not start: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      });
      if (isStopping()) return;
    }
    child = next;
    sinceMs = nowMs();
    report(`✓ The ${name} is back. ${onceBack}`);
  }
}
