/** Whether a gateway counts for a ledger, and what the ledger counted, once all of it has arrived. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Report, reportOf } from "../../../control-plane/report/report.ts";
import type { LedgerAnswer } from "../../../formats/ledger/answer.ts";
import { getLedger } from "../../spillway/control-plane/get-ledger.ts";
import type { RunningWorker } from "./running-worker.ts";

/** Isolates send their counts every 5 to 15 s. */
const MAX_FLUSH_MS = 60_000;
const POLL_MS = 1000;

const readySchema = z.object({ ledger: z.object({ state: z.string(), sent: z.number() }) });

/** Whether a shard has received the gateway's counts. */
export async function hasLedger({ url }: RunningWorker): Promise<boolean> {
  const { ledger } = readySchema.parse(await (await fetch(`${url}/readyz`)).json());
  return ledger.state === "on" && ledger.sent > 0;
}

export interface Counted {
  answer: LedgerAnswer;
  report: Report;
}

/**
 * The counts of a time, once it has so many requests.
 * @throws Error with one sentence if they do not arrive
 */
export async function countedOnce(requests: number, control: URL, fromMs: number): Promise<Counted> {
  const untilMs = Date.now() + MAX_FLUSH_MS;
  for (;;) {
    await sleep(POLL_MS);
    const nowMs = Date.now();
    const answer = await getLedger({ url: control, token: null, fromMs, toMs: nowMs + POLL_MS });
    const report = reportOf({ answer, nowMs });
    if (report.requests >= requests) return { answer, report };
    if (nowMs > untilMs)
      throw new Error(`The ledger has ${report.requests} of ${requests} requests after ${MAX_FLUSH_MS / 1000} s.`);
  }
}
