/** An HTTP request as it was received, with its complete body: signatures are verified over it, and events are made from it. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { readBoundedBody } from "../../formats/bounded-body.ts";

export interface HttpRequest {
  method: string;
  /** Percent-encoded, without the query. */
  rawPath: string;
  /** Percent-encoded, without the question mark. */
  rawQuery: string;
  /** Values by lower-case name, in the order they were received. */
  headers: ReadonlyMap<string, readonly string[]>;
  body: Buffer;
  sourceIp: string;
}

/** Null if the body is larger than `maxBytes`; the rest of the body is read and dropped. */
export async function readHttpRequest(incoming: IncomingMessage, maxBytes: number): Promise<HttpRequest | null> {
  const body = await readBody(incoming, maxBytes);
  if (body === null) return null;
  const target = incoming.url ?? "/";
  const queryAt = target.indexOf("?");
  return {
    method: incoming.method ?? "GET",
    rawPath: queryAt < 0 ? target : target.slice(0, queryAt),
    rawQuery: queryAt < 0 ? "" : target.slice(queryAt + 1),
    headers: collectHeaders(incoming.rawHeaders),
    body,
    sourceIp: incoming.socket.remoteAddress ?? "127.0.0.1",
  };
}

/** The header's values joined by commas; null if the request does not have it. @param name in lower case */
export function headerOf(request: HttpRequest, name: string): string | null {
  return request.headers.get(name)?.join(",") ?? null;
}

async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const body = await readBoundedBody(Readable.toWeb(incoming), { maxBytes, drain: true });
  if (body.ok) return Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
  if (body.why === "too-large") return null;
  throw new Error("the request ended before its body was complete");
}

/** Node's own `headers` drops repeated headers, such as a second Authorization; the signature covers all of them. */
function collectHeaders(rawHeaders: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[at + 1] ?? ""]);
  }
  return headers;
}
