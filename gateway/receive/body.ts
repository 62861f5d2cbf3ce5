/** Reads the body of a request within the bounds of the policy, of time, and of the isolate's memory. */
import { type BoundedBody, readBoundedBody } from "../../formats/bounded-body.ts";
import type { Slot } from "../admit/slots.ts";
import type { Clock } from "../call.ts";
import { ok, type Refusal, type Result, refuse } from "../refusal.ts";

/** The whole body must have arrived within this time. */
const BODY_TIMEOUT_MS = 15_000;

/** The isolate has no slot for the request, or no memory for its body. */
export const isolateBusy: Refusal = {
  code: "rate-limited",
  publicText: "Too many concurrent requests. Retry after 1 second.",
  reason: "isolate-busy",
  retryAfterMs: 1000,
};

/** @param slot counts the bytes that the isolate holds */
export async function readBody(
  request: Request,
  maxBytes: number,
  clock: Clock,
  slot: Slot,
): Promise<Result<Uint8Array>> {
  const read = await readBoundedBody(request.body, {
    maxBytes,
    deadline: clock.wait(BODY_TIMEOUT_MS),
    reserve: (bytes) => slot.reserveBytes(bytes, clock.nowMs()),
  });
  return read.ok ? ok(read.bytes) : refuse(refusalFor(read.why, maxBytes));
}

function refusalFor(why: (BoundedBody & { ok: false })["why"], maxBytes: number): Refusal {
  switch (why) {
    case "too-large":
      return {
        code: "too-large",
        publicText: `The body is larger than ${maxBytes} bytes. Send fewer or shorter inputs.`,
        reason: "body-bytes",
      };
    case "late":
      return {
        code: "malformed",
        publicText: `The body did not arrive within ${BODY_TIMEOUT_MS / 1000} s. Send the request again.`,
        reason: "body-timeout",
      };
    case "no-room":
      return isolateBusy;
    case "broken":
      return {
        code: "malformed",
        publicText: "The body ended before it was complete. Send the request again.",
        reason: "body-broken",
      };
  }
}
