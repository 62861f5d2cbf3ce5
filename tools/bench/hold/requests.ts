/** The requests whose wait is measured. None of them needs the edge model, so that each wait is the isolate's. */
import { setTimeout as sleep } from "node:timers/promises";
import { basisPointsOf, insideShare } from "../../../gateway/decide/share.ts";
import type { Texts } from "../texts.ts";

/** Callers inside the share go to the edge, others to the origin. */
export const POLICY = { edge: { share: 50, stickyBy: "header:x-caller" } } as const;
const LONG_AT_ORIGIN_TOKENS = 700;
const SHORT_TOKENS = 16;
const MAX_CALL_MS = 60_000;

export const REQUESTS = ["health check", "refusal", "spilled text", "short text"] as const;
export type RequestName = (typeof REQUESTS)[number];

/** Milliseconds from sending to the last byte. @throws Error if the answer is not the expected one */
type Send = () => Promise<number>;

/** @returns a sender for each request */
export function requestsTo(url: string, texts: Texts): Record<RequestName, Send> {
  const outside = callerOf(false);
  return {
    "health check": () => timed(`${url}/healthz`, {}, 200),
    refusal: () => timed(`${url}/v1/classify`, { method: "POST", body: "{}" }, 415),
    "spilled text": () => classify(url, texts.make(LONG_AT_ORIGIN_TOKENS, 1), outside, "origin"),
    // Measured and decided like every short text; the caller is outside the share, so it does not wait for the edge.
    "short text": () => classify(url, texts.make(SHORT_TOKENS, 1), outside, "origin"),
  };
}

/** Sends a text that the edge runs. */
export function runAtEdge(url: string, text: string): Promise<number> {
  return classify(url, text, callerOf(true), "edge");
}

/**
 * Sends a request every `everyMs` until `until` is settled, the kinds in turn, whether or not those before it are answered: a wait is
 * then not shortened by requests that were not sent meanwhile.
 * @param first number of the kind that is sent first: what happens once in a load, at about the same time of each, must not meet the same
 *   kind in all of them
 * @returns the samples of each kind
 */
export async function sendUntil(
  requests: Record<RequestName, Send>,
  everyMs: number,
  until: Promise<unknown>,
  first = 0,
): Promise<Samples> {
  const state = { over: false };
  const end = () => {
    state.over = true;
  };
  until.then(end, end);
  const samples = joined([]);
  const answers: Promise<unknown>[] = [];
  for (let turn = first; !state.over; turn++) {
    const name = REQUESTS[turn % REQUESTS.length] ?? REQUESTS[0];
    const sentAtMs = performance.now();
    const answer = requests[name]().then((ms) => samples[name].push({ sentAtMs, ms }));
    // It is awaited at the end.
    answer.catch(() => {});
    answers.push(answer);
    await sleep(everyMs);
  }
  await until;
  await Promise.all(answers);
  return samples;
}

/** One request: when it was sent, by this process's clock, and how long its answer took. */
export interface Sample {
  sentAtMs: number;
  ms: number;
}

export type Samples = Record<RequestName, Sample[]>;

/** @returns the samples of several measurements as one */
export function joined(parts: readonly Samples[]): Samples {
  return eachKind((name) => parts.flatMap((part) => part[name]));
}

/** @returns the requests that were under way, or sent, in a window of time; its end excluded */
export function under(samples: Samples, { fromMs, toMs }: { fromMs: number; toMs: number }): Samples {
  return eachKind((name) => samples[name].filter(({ sentAtMs, ms }) => sentAtMs + ms > fromMs && sentAtMs < toMs));
}

/** When the first text was answered, in ms of this process's clock: it makes a cold isolate load its model. */
export function firstTextAnsweredAtMs(samples: Samples): number {
  const texts = [...samples["spilled text"], ...samples["short text"]];
  return Math.min(...texts.map(({ sentAtMs, ms }) => sentAtMs + ms));
}

function eachKind(of: (name: RequestName) => Sample[]): Samples {
  return {
    "health check": of("health check"),
    refusal: of("refusal"),
    "spilled text": of("spilled text"),
    "short text": of("short text"),
  };
}

/** A caller inside or outside the policy's share. */
function callerOf(inside: boolean): string {
  for (let number = 0; ; number++) {
    const caller = `caller-${number}`;
    if (insideShare(basisPointsOf(caller), POLICY.edge.share) === inside) return caller;
  }
}

function classify(url: string, text: string, caller: string, route: "edge" | "origin"): Promise<number> {
  const headers = { "content-type": "application/json", "x-caller": caller };
  const request = { method: "POST", headers, body: JSON.stringify({ inputs: text }) };
  return timed(`${url}/v1/classify`, request, 200, route);
}

async function timed(url: string, request: RequestInit, status: number, route: string | null = null): Promise<number> {
  const sentAtMs = performance.now();
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(MAX_CALL_MS) });
  const body = await response.text();
  const ms = performance.now() - sentAtMs;
  const answeredBy = response.headers.get("x-spillway-route");
  if (response.status !== status || (route !== null && answeredBy !== route)) {
    const expected = route === null ? `${status}` : `${status} by ${route}`;
    throw new Error(`${url} answered ${response.status} by ${answeredBy}, not ${expected}: ${body.slice(0, 200)}`);
  }
  return ms;
}
