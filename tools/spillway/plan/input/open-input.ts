/** A file as text in pieces, gunzipped where it is compressed. Never more than a few pieces are in memory. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { stdin } from "node:process";
import { createGunzip } from "node:zlib";
import type { Chunks } from "./call.ts";

const PIECE_BYTES = 262_144;
/** What a format is recognized by. */
const SAMPLE_CHARACTERS = 65_536;

export interface Input {
  /** The first 64 KiB, or the whole input. */
  sample: string;
  /** All of it, the sample included. */
  chunks: Chunks;
}

/**
 * @param path `-` for standard input
 * @throws Error with one sentence for a folder, an empty file, UTF-16, or a broken gzip stream; the file system's own errors, with the path
 */
export async function openInput(path: string): Promise<Input> {
  if (path !== "-" && (await stat(path)).isDirectory()) throw new Error(`${path} is a folder; pass a file.`);
  const pieces = textOf(path);
  const first: string[] = [];
  let length = 0;
  while (length < SAMPLE_CHARACTERS) {
    const next = await pieces.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  if (length === 0) throw new Error(`${path} is empty; pass a file with texts or logs.`);
  return { sample: first.join("").slice(0, SAMPLE_CHARACTERS), chunks: joined(first, pieces) };
}

async function* joined(first: readonly string[], rest: Chunks): Chunks {
  yield* first;
  yield* rest;
}

async function* textOf(path: string): AsyncGenerator<string> {
  const source = path === "-" ? stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  const decoder = new TextDecoder("utf-8");
  try {
    for await (const bytes of gunzipped(source)) {
      const text = decoder.decode(bytes, { stream: true });
      if (text !== "") yield text;
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!code.startsWith("Z_")) throw error;
    throw new Error(`${path} is gzip that cannot be read to its end (${code}); compress it again.`);
  }
  const rest = decoder.decode();
  if (rest !== "") yield rest;
}

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  const { value: first, done } = await pieces.next();
  if (done === true || first === undefined) return;
  if ((first[0] === 0xff && first[1] === 0xfe) || (first[0] === 0xfe && first[1] === 0xff))
    throw new Error("The input is UTF-16, as PowerShell's > writes it; save it as UTF-8.");
  const all = withFirst(first, pieces);
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield* all;
    return;
  }
  const gunzip = createGunzip();
  // An error of the file ends the stream; `for await` throws it.
  void (async () => {
    try {
      for await (const piece of all)
        if (!gunzip.write(piece)) await new Promise((resolve) => gunzip.once("drain", resolve));
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  for await (const piece of gunzip) yield piece;
}

async function* withFirst(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}
