/** When the gateway gives up on an invocation. Pure: no I/O, no clock. */
import { TIMEOUT_HEADER } from "../contract.ts";
import { type HttpEvent, header, member } from "./lambda-attributes.ts";

/** Lambda runs nothing for longer: a request that is said to be older than that is a clock that is wrong. */
const LONGEST_WAIT_MS = 900_000;

/** Ms from `nowUnixMs` until the gateway has gone, negative when it has; infinite where it has not said. */
export function giveUpAfterMs(event: HttpEvent, nowUnixMs: number): number {
  const timeoutMs = Number(header(event, TIMEOUT_HEADER) || Number.NaN);
  if (!(timeoutMs >= 0)) return Number.POSITIVE_INFINITY;
  return timeoutMs - waitedMs(event, nowUnixMs);
}

/** The gateway's clock runs while the request waits for an instance's INIT, before the handler is called. */
function waitedMs(event: HttpEvent, nowUnixMs: number): number {
  const receivedAtUnixMs = member(event.requestContext, "timeEpoch");
  const waitedMs = typeof receivedAtUnixMs === "number" ? nowUnixMs - receivedAtUnixMs : 0;
  return waitedMs >= 0 && waitedMs <= LONGEST_WAIT_MS ? waitedMs : 0;
}
