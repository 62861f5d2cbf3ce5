/** A file as text in pieces, gunzipped where it is compressed. Never more than a few pieces are in memory. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { stdin } from "node:process";
import { createGunzip } from "node:zlib";
import { unreadableText } from "../../../process/read-text.ts";
import type { Chunks } from "./call.ts";

const PIECE_BYTES = 262_144;
/** What a format is recognized by. */
const SAMPLE_CHARACTERS = 65_536;
/** A gzip stream, a Git LFS pointer and UTF-16 are recognized by them. A pipe may deliver less at first. */
const FIRST_BYTES = 64;

export interface Input {
  /** For messages. */
  name: string;
  /** The first 64 KiB, or the whole input. */
  sample: string;
  /** All of it, the sample included. */
  chunks: Chunks;
}

/**
 * @param path `-` for standard input
 * @throws Error with one sentence for a folder, an empty file, a Git LFS pointer, UTF-16, or a broken gzip stream; the file system's own errors, with the path
 */
export async function openInput(path: string): Promise<Input> {
  if (path !== "-" && (await stat(path)).isDirectory()) throw new Error(`${path} is a folder; pass a file.`);
  const name = path === "-" ? "Standard input" : path;
  const pieces = textOf(path, name);
  const first: string[] = [];
  let length = 0;
  while (length < SAMPLE_CHARACTERS) {
    const next = await pieces.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  if (length === 0) throw new Error(`${name} is empty; pass a file with texts or logs.`);
  return { name, sample: first.join("").slice(0, SAMPLE_CHARACTERS), chunks: joined(first, pieces) };
}

async function* joined(first: readonly string[], rest: Chunks): Chunks {
  yield* first;
  yield* rest;
}

async function* textOf(path: string, name: string): AsyncGenerator<string> {
  const source = path === "-" ? stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  const decoder = new TextDecoder("utf-8");
  try {
    for await (const bytes of checked(gunzipped(source), name)) {
      const text = decoder.decode(bytes, { stream: true });
      if (text !== "") yield text;
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!code.startsWith("Z_")) throw error;
    throw new Error(`${name} is gzip that cannot be read to its end (${code}); compress it again.`);
  } finally {
    // A process does not end while it reads standard input.
    source.destroy();
  }
  const rest = decoder.decode();
  if (rest !== "") yield rest;
}

/** @throws Error with one sentence if it is no text, inflated or as it is */
async function* checked(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const { first, rest } = await begin(source);
  const problem = unreadableText(name, first);
  if (problem !== null) throw new Error(problem);
  yield first;
  yield* rest;
}

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { first, rest } = await begin(source);
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield first;
    yield* rest;
    return;
  }
  const gunzip = createGunzip();
  // An error of the file ends the stream; `for await` throws it.
  void (async () => {
    try {
      gunzip.write(first);
      for await (const piece of rest)
        if (!gunzip.write(piece)) await new Promise((resolve) => gunzip.once("drain", resolve));
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  for await (const piece of gunzip) yield piece;
}

/** Reads the first pieces until they have FIRST_BYTES. An empty source has none. */
async function begin(source: AsyncIterable<Buffer>): Promise<{ first: Buffer; rest: AsyncGenerator<Buffer> }> {
  const pieces = source[Symbol.asyncIterator]();
  let first: Buffer = Buffer.alloc(0);
  while (first.length < FIRST_BYTES) {
    const next = await pieces.next();
    if (next.done === true) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  return { first, rest: restOf(pieces) };
}

async function* restOf(pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return;
    yield next.value;
  }
}
