/** Sends scheduled requests at their times, whether or not those before them are answered. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ScheduledRequest } from "./schedule.ts";

/** A gateway that answers no more must not cost this machine its memory. */
const MAX_IN_FLIGHT = 200;
const MAX_CALL_MS = 60_000;

export interface Answer {
  /** 0 if the connection ended without an answer. */
  status: number;
  /** `edge`, `origin` or `mixed`; null for a refusal. */
  route: string | null;
  /** `x-spillway-because`, or the code of the error. */
  reason: string;
  /** From sending to the last byte. */
  ms: number;
}

export interface Target {
  /** Of the gateway, without a path. */
  url: string;
  headers: Readonly<Record<string, string>>;
}

export interface Sending {
  /** Ends the sending; requests in flight are still awaited. */
  signal: AbortSignal;
  answered(answer: Answer): void;
}

/** @returns after the last answer: how many requests were not sent because too many others were in flight */
export async function send(
  requests: Iterable<ScheduledRequest>,
  target: Target,
  { signal, answered }: Sending,
): Promise<{ notSent: number }> {
  const startedAtMs = performance.now();
  const inFlight = new Set<Promise<void>>();
  let notSent = 0;
  for (const request of requests) {
    const waitMs = request.atMs - (performance.now() - startedAtMs);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    if (inFlight.size >= MAX_IN_FLIGHT) {
      notSent += 1;
      continue;
    }
    const answer = post(request, target).then(answered);
    inFlight.add(answer);
    void answer.finally(() => inFlight.delete(answer));
  }
  await Promise.all(inFlight);
  return { notSent };
}

const errorSchema = z.object({ error_type: z.string() });

/** It never rejects. */
async function post({ caller, body }: ScheduledRequest, { url, headers }: Target): Promise<Answer> {
  const sentAtMs = performance.now();
  try {
    const response = await fetch(`${url}/v1/classify`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-caller": caller, ...headers },
      body,
      signal: AbortSignal.timeout(MAX_CALL_MS),
    });
    const answer: unknown = await response.json().catch(() => null);
    const { status } = response;
    const ms = performance.now() - sentAtMs;
    const route = response.headers.get("x-spillway-route");
    const because = response.headers.get("x-spillway-because");
    return { status, route, reason: because ?? errorSchema.safeParse(answer).data?.error_type ?? "unknown", ms };
  } catch (error) {
    const reason = error instanceof Error && error.name === "TimeoutError" ? "timeout" : "no answer";
    return { status: 0, route: null, reason, ms: performance.now() - sentAtMs };
  }
}
