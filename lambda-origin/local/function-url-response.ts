/** What a handler returned → HTTP response, by the rules of payload format 2.0. */
import { z } from "zod";
import { PAYLOAD_LIMIT_BYTES } from "./function-url-event.ts";

export type HttpResponse = { statusCode: number; headers: Record<string, string | string[]>; body: Buffer };

const structuredSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** A function that failed, was killed, or returned what cannot be made into a response: the cause stays inside. */
export const BAD_GATEWAY: HttpResponse = {
  statusCode: 502,
  headers: { "content-type": "application/json" },
  body: Buffer.from("Internal Server Error"),
};

export function toHttpResponse(result: unknown): HttpResponse {
  const response = hasStatusCode(result) ? structured(result) : inferred(result);
  return response.body.length > PAYLOAD_LIMIT_BYTES ? BAD_GATEWAY : response;
}

function hasStatusCode(result: unknown): boolean {
  return typeof result === "object" && result !== null && "statusCode" in result;
}

function structured(result: unknown): HttpResponse {
  const parsed = structuredSchema.safeParse(result);
  if (!parsed.success) return BAD_GATEWAY;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    statusCode,
    headers: {
      "content-type": "application/json",
      ...Object.fromEntries(named),
      ...(cookies && cookies.length > 0 ? { "set-cookie": cookies } : {}),
    },
    body: Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8"),
  };
}

/** No status code: whatever it is becomes the JSON body of a 200. */
function inferred(result: unknown): HttpResponse {
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: Buffer.from(result === undefined ? "null" : JSON.stringify(result)),
  };
}
