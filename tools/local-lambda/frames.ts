/** Messages between the pool and its instances: four bytes of length (big-endian), then as many bytes of JSON. */

/** Pool → instance. */
export interface Invocation {
  requestId: string;
  event: unknown;
  /** Unix time. */
  deadlineMs: number;
}

/** Instance → pool: one `ready` or `init-failed`, then one of the others for each invocation. */
export type Reply =
  | { kind: "ready" }
  | { kind: "init-failed"; reason: string }
  | { kind: "answered"; result: unknown }
  | { kind: "failed"; reason: string };

export const HEADER_BYTES = 4;

/** A message as bytes. */
export function toFrame(message: Invocation | Reply): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(json.length);
  return Buffer.concat([header, json]);
}

/** Returns a function that takes received bytes and returns the messages that are complete. */
export function createFrameReader<Message>(): (chunk: Buffer) => Message[] {
  let chunks: Buffer[] = [];
  let bufferedBytes = 0;
  return (chunk) => {
    chunks.push(chunk);
    bufferedBytes += chunk.length;
    const messages: Message[] = [];
    while (bufferedBytes >= HEADER_BYTES) {
      const buffered = Buffer.concat(chunks);
      const endsAt = HEADER_BYTES + buffered.readUInt32BE();
      chunks = [buffered];
      if (bufferedBytes < endsAt) break;
      messages.push(JSON.parse(buffered.toString("utf8", HEADER_BYTES, endsAt)));
      chunks = [buffered.subarray(endsAt)];
      bufferedBytes -= endsAt;
    }
    return messages;
  };
}
