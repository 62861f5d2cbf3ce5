/** Sends the mix of requests: as fast as it is answered, or at a rate, whether or not the requests before are answered. */
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { RECORDS_HEADER } from "../faults/controls.ts";
import { type Answer, send } from "../faults/send.ts";
import { isStatedRefusal } from "../faults/verdict.ts";
import type { MixedRequest } from "./requests.ts";

export interface MixTarget {
  url: string;
  requests: readonly MixedRequest[];
  /** Of a request with an API key. */
  keyHeaders: Readonly<Record<string, string>>;
}

/** How many requests had which end, and the times of those with the expected status, in ms. */
export interface MixCounts {
  asked: number;
  expected: number;
  /** Refused with a stated reason instead. */
  refused: number;
  /** No answer in time, or another one. */
  lost: number;
  /** Answers whose request was not recorded exactly once. */
  notRecordedOnce: number;
  tookMs: number[];
}

const MAX_ANSWER_MS = 20_000;
/** So many that none waits for a connection: its time would be the sender's. */
const MAX_SOCKETS = 1024;

export class MixSender {
  readonly #target: MixTarget;
  #agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  #next = 0;

  constructor(target: MixTarget) {
    this.#target = target;
  }

  /** Keeps so many requests in flight until `requests` have ended. */
  async capacity(inFlight: number, requests: number): Promise<{ perSecond: number; counts: MixCounts }> {
    const startedAtMs = performance.now();
    const counts = noCounts();
    const one = async () => {
      while (counts.asked < requests) await this.#send(counts);
    };
    await Promise.all(Array.from({ length: inFlight }, one));
    return { perSecond: (1000 * counts.asked) / (performance.now() - startedAtMs), counts };
  }

  /** Sends `requests` requests at a rate. Resolves when all have ended. */
  async atRate(requests: number, perSecond: number): Promise<MixCounts> {
    const counts = noCounts();
    const startedAtMs = performance.now();
    const running: Promise<void>[] = [];
    for (let sent = 0; sent < requests; sent++) {
      const waitMs = startedAtMs + (1000 * sent) / perSecond - performance.now();
      // A timer's least time is 1 ms: what is due within it is sent at once.
      if (waitMs > 1) await sleep(waitMs);
      running.push(this.#send(counts));
    }
    await Promise.all(running);
    return counts;
  }

  /** Ends the kept connections; the next request makes new ones. */
  disconnect(): void {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  }

  async #send(counts: MixCounts): Promise<void> {
    const { url, requests, keyHeaders } = this.#target;
    const request = requests[this.#next++ % requests.length];
    if (request === undefined) throw new Error("The mix has no requests.");
    const { body, isKeyed, status } = request;
    const sentAtMs = performance.now();
    counts.asked += 1;
    const headers = isKeyed ? keyHeaders : {};
    count(counts, await send({ url, agent: this.#agent, headers, body, maxMs: MAX_ANSWER_MS }), status, sentAtMs);
  }
}

/** Without times. */
export function sumOf(one: MixCounts, other: MixCounts): MixCounts {
  return {
    asked: one.asked + other.asked,
    expected: one.expected + other.expected,
    refused: one.refused + other.refused,
    lost: one.lost + other.lost,
    notRecordedOnce: one.notRecordedOnce + other.notRecordedOnce,
    tookMs: [],
  };
}

function noCounts(): MixCounts {
  return { asked: 0, expected: 0, refused: 0, lost: 0, notRecordedOnce: 0, tookMs: [] };
}

function count(counts: MixCounts, answer: Answer | null, status: number, sentAtMs: number): void {
  if (answer !== null && answer.headers[RECORDS_HEADER] !== "1") counts.notRecordedOnce += 1;
  if (answer?.status === status) {
    counts.expected += 1;
    counts.tookMs.push(performance.now() - sentAtMs);
  } else if (answer !== null && isStatedRefusal(answer)) counts.refused += 1;
  else counts.lost += 1;
}
