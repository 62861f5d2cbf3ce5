/** Reads the body of a request within the bounds of the policy, of time, of its structure, and of the isolate's memory. */
import { inBlocks } from "../../formats/body-blocks.ts";
import { type BoundedBody, GrowingBlock, readBoundedBody } from "../../formats/bounded-body.ts";
import { JsonFilter } from "../../formats/json-filter.ts";
import type { Slot } from "../admit/slots.ts";
import type { Clock } from "../call.ts";
import { ok, type Refusal, type RefusalReason, type Result, refuse } from "../refusal.ts";

/** The whole body must have arrived within this time. */
const BODY_TIMEOUT_MS = 15_000;
/** A valid request nests three levels. The rest is for clients that send more than they need. */
const MAX_DEPTH = 16;
/** A pair: its object, its second key and the comma behind it. Nothing is built of a body with more values: they take 40 times its bytes. */
const VALUES_PER_INPUT = 3;
/** Parameters, options, and what clients send beside them. */
const OTHER_VALUES = 256;
/** Longer texts are left out until the rest of the body is known to be right. No known key is as long. */
const MAX_STRING_BYTES = 512;
/** Of numbers, and of what stands between values. */
const MAX_OTHER_BYTES = 65_536;

/** The isolate has no slot for the request, or no memory for its body. */
export const isolateBusy: Refusal = {
  code: "rate-limited",
  publicText: "Too many concurrent requests. Retry after 1 second.",
  reason: "isolate-busy",
  retryAfterMs: 1000,
};

export interface BodyLimits {
  /** Bytes of the body. */
  bodyBytes: number;
  /** Texts and pairs. */
  inputs: number;
}

/** A body as it was received, and its short form: the same without long texts. Both are freed with `release`. */
export interface ReceivedBody {
  whole: GrowingBlock;
  filter: JsonFilter;
  release(): void;
}

/**
 * Reads a body. Once its structure exceeds a bound, nothing more of it is kept; the rest is read so that its sender receives the answer.
 * @param slot counts the bytes that the isolate holds
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  clock: Clock,
  slot: Slot,
): Promise<Result<ReceivedBody>> {
  const { bodyBytes: maxBytes, inputs } = limits;
  const values = inputs * VALUES_PER_INPUT + OTHER_VALUES;
  // A value has at most a key and a text. A body may be one text without any value around it.
  const strings = 2 * values + 1;
  const filter = new JsonFilter({
    depth: MAX_DEPTH,
    values,
    strings,
    stringBytes: MAX_STRING_BYTES,
    longStrings: "mark",
    shortFormBytes: strings * (MAX_STRING_BYTES + 2) + MAX_OTHER_BYTES,
  });
  const whole = new GrowingBlock();
  const release = () => {
    whole.release();
    filter.release();
  };
  const read = await readBoundedBody(inBlocks(request), {
    maxBytes,
    deadline: clock.wait(BODY_TIMEOUT_MS),
    reserve: (bytes) => slot.reserveBytes(bytes, clock.nowMs()),
    into: {
      add: (piece) => filter.add(piece) && whole.add(piece),
      get bytes() {
        return whole.bytes;
      },
    },
    freePieces: true,
    drainUnwanted: true,
  });
  if (read.ok) return ok({ whole, filter, release });
  release();
  return refuse(
    read.why === "unwanted" ? structureRefusal(filter, { values, inputs }) : refusalFor(read.why, maxBytes),
  );
}

function structureRefusal({ exceeded }: JsonFilter, { values, inputs }: { values: number; inputs: number }): Refusal {
  if (exceeded === "depth") {
    return malformed(`The body nests arrays and objects deeper than ${MAX_DEPTH} levels.`, "json-depth");
  }
  // No JSON has that much between its values.
  if (exceeded !== "values") return malformed("The body is not valid JSON.", "invalid-json");
  return {
    code: "too-large",
    publicText: `The body has more than ${values} values; at most ${inputs} texts are allowed per request.`,
    reason: "inputs",
  };
}

function refusalFor(why: Exclude<(BoundedBody & { ok: false })["why"], "unwanted">, maxBytes: number): Refusal {
  switch (why) {
    case "too-large":
      return {
        code: "too-large",
        publicText: `The body is larger than ${maxBytes} bytes. Send fewer or shorter inputs.`,
        reason: "body-bytes",
      };
    case "late":
      return malformed(
        `The body did not arrive within ${BODY_TIMEOUT_MS / 1000} s. Send the request again.`,
        "body-timeout",
      );
    case "no-room":
      return isolateBusy;
    case "broken":
      return malformed("The body ended before it was complete. Send the request again.", "body-broken");
  }
}

export function malformed(publicText: string, reason: RefusalReason): Refusal {
  return { code: "malformed", publicText, reason };
}
