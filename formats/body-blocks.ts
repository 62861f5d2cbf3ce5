/** A body of workerd in blocks: one read, and so one turn of the event loop, for most bodies. In pieces each body takes two or more. */
import type { ByteStream, PieceRead } from "./bounded-body.ts";

/** Most bodies are shorter, and have arrived when they are read. */
const BLOCK_BYTES = 8192;

interface BlockStream extends ByteStream {
  getReader(): ReturnType<ByteStream["getReader"]>;
  getReader(options: { mode: "byob" }): object;
}

/** https://developers.cloudflare.com/workers/runtime-apis/streams/readablestreambyobreader/ */
interface BlockReader {
  /** Fills the view, unless the body ends before. */
  readAtLeast(bytes: number, view: Uint8Array): Promise<PieceRead>;
  cancel(): Promise<unknown>;
}

/** A request or a response. */
export interface Message {
  readonly headers: { get(name: string): string | null };
  readonly body: BlockStream | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * The body of a message. One of at most a block, by its length, is read at once: HTTP ends a body at its stated length. A body that has no
 * blocks, as one that a script made or one outside of workerd, comes in its pieces.
 */
export function inBlocks(message: Message): ByteStream | null {
  return isShort(message.headers) ? atOnce(message) : blocksOf(message.body);
}

/** An encoded body is longer than its length. */
function isShort(headers: Message["headers"]): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= BLOCK_BYTES && headers.get("content-encoding") === null;
}

function atOnce(message: Message): ByteStream {
  let hasEnded = false;
  const read = async (): Promise<PieceRead> => {
    if (hasEnded) return { done: true };
    hasEnded = true;
    return { done: false, value: new Uint8Array(await message.arrayBuffer()) };
  };
  // The runtime ends the body with its request.
  return { getReader: () => ({ read, cancel: () => Promise.resolve() }) };
}

function blocksOf(body: BlockStream | null): ByteStream | null {
  const reader = body === null ? null : blockReaderOf(body);
  if (reader === null) return body;
  let hasEnded = false;
  const read = async (): Promise<PieceRead> => {
    if (hasEnded) return { done: true };
    const block = await reader.readAtLeast(BLOCK_BYTES, new Uint8Array(BLOCK_BYTES));
    hasEnded = block.done || block.value.byteLength < BLOCK_BYTES;
    return block;
  };
  return { getReader: () => ({ read, cancel: () => reader.cancel() }) };
}

function blockReaderOf(body: BlockStream): BlockReader | null {
  if (!("readAtLeast" in ReadableStreamBYOBReader.prototype)) return null;
  try {
    const reader = body.getReader({ mode: "byob" });
    return isBlockReader(reader) ? reader : null;
  } catch {
    // It has pieces of any kind, not bytes.
    return null;
  }
}

function isBlockReader(reader: object): reader is BlockReader {
  return "readAtLeast" in reader;
}
