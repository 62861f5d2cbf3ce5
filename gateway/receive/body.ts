/** Reads a body by counting its bytes (Content-Length is only a promise) and never waits for a silent sender for ever. */
import { ok, type Refusal, type Result, refused } from "../refusal.ts";
import type { Clock } from "../world.ts";

/** The whole body must have arrived within this time. */
const BODY_TIMEOUT_MS = 15_000;

function tooLarge(maxBytes: number): Refusal {
  return {
    code: "too-large",
    publicText: `The body is larger than ${maxBytes} bytes. Send fewer or shorter inputs.`,
    reason: "body-bytes",
  };
}
const tooSlow: Refusal = {
  code: "malformed",
  publicText: "The body did not arrive in time. Send the request again.",
  reason: "body-timeout",
};
const broken: Refusal = {
  code: "malformed",
  publicText: "The body ended too early. Send the request again.",
  reason: "body-broken",
};

export async function readBody(request: Request, maxBytes: number, clock: Clock): Promise<Result<Uint8Array>> {
  if (request.body === null) return ok(new Uint8Array());
  const reader = request.body.getReader();
  const deadline = clock.wait(BODY_TIMEOUT_MS).then(() => "deadline" as const);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for (;;) {
      const read = await Promise.race([reader.read(), deadline]);
      if (read === "deadline") return await giveUp(reader, tooSlow);
      if (read.done) return ok(concatenate(chunks, sizeBytes));
      sizeBytes += read.value.byteLength;
      if (sizeBytes > maxBytes) return await giveUp(reader, tooLarge(maxBytes));
      chunks.push(read.value);
    }
  } catch {
    return refused(broken);
  }
}

async function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>, refusal: Refusal): Promise<Result<Uint8Array>> {
  // A sender that is gone already is nothing new.
  await reader.cancel().catch(() => {});
  return refused(refusal);
}

function concatenate(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
