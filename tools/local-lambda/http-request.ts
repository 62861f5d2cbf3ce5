import type { IncomingMessage } from "node:http";

/** An HTTP request as it came over the wire, with its body complete: what a signature covers and an event is made of. */
export type HttpRequest = {
  method: string;
  /** Still encoded, without the query. */
  rawPath: string;
  /** Still encoded, without the question mark. */
  rawQuery: string;
  /** Lower-case names; several values of one name in the order they came. */
  headers: ReadonlyMap<string, readonly string[]>;
  body: Buffer;
  sourceIp: string;
};

/** Undefined where the body is larger than `limitBytes`: the rest of it is read and thrown away. */
export async function readHttpRequest(incoming: IncomingMessage, limitBytes: number): Promise<HttpRequest | undefined> {
  const body = await readBody(incoming, limitBytes);
  if (!body) return undefined;
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

export function headerOf(request: HttpRequest, name: string): string | undefined {
  return request.headers.get(name)?.join(",");
}

async function readBody(incoming: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming) {
    sizeBytes += chunk.length;
    if (sizeBytes <= limitBytes) chunks.push(chunk);
  }
  return sizeBytes <= limitBytes ? Buffer.concat(chunks) : undefined;
}

/** Node's own `headers` drops repeated ones (a second Authorization, say), and the signature covers what was sent. */
function collectHeaders(rawHeaders: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[at + 1] ?? ""]);
  }
  return headers;
}
