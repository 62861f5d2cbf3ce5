import type { HttpRequest } from "../../../../tools/local-lambda/http-request.ts";

/** An HTTP request as the local origin reads it, made without a socket. */
export function httpRequest(
  target: string,
  options: { method?: string; headers?: [string, string][]; body?: string | Buffer } = {},
): HttpRequest {
  const headers = new Map<string, string[]>();
  for (const [name, value] of options.headers ?? []) {
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
  }
  const [rawPath = "", ...query] = target.split("?");
  const body = Buffer.from(options.body ?? "");
  return { method: options.method ?? "GET", rawPath, rawQuery: query.join("?"), headers, body, sourceIp: "127.0.0.1" };
}
