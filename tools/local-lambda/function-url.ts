/**
 * Function URL, payload format 2.0: an HTTP request becomes an event, and the handler's result becomes an HTTP response.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import { z } from "zod";
import type { HttpRequest } from "./http-request.ts";

/** Limit for the payload of a synchronous invocation, request and response: 6 MB. */
export const MAX_PAYLOAD_BYTES = 6_291_456;

interface EventContext {
  requestId: string;
  nowMs: number;
  /** The caller's key, as verified. */
  accessKeyId: string;
}

const ACCOUNT_ID = "000000000000";

/** The event for a request whose signature is verified. */
export function toFunctionUrlEvent(request: HttpRequest, { requestId, nowMs, accessKeyId }: EventContext) {
  const domainName = request.headers.get("host")?.[0] ?? "localhost";
  const isBase64Encoded = request.body.length > 0 && !isText(request);
  const cookies = request.headers.get("cookie")?.flatMap((line) => line.split(/;\s*/));
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: request.rawPath,
    rawQueryString: request.rawQuery,
    ...(cookies ? { cookies } : {}),
    headers: eventHeaders(request, requestId, nowMs),
    ...(request.rawQuery ? { queryStringParameters: queryStringParameters(request.rawQuery) } : {}),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId: "local",
      authentication: null,
      authorizer: { iam: callerOf(accessKeyId) },
      domainName,
      domainPrefix: domainName.split(".")[0] ?? domainName,
      http: {
        method: request.method,
        path: request.rawPath,
        protocol: "HTTP/1.1",
        sourceIp: request.sourceIp,
        userAgent: request.headers.get("user-agent")?.[0] ?? "",
      },
      requestId,
      routeKey: "$default",
      stage: "$default",
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(request.body.length > 0 ? { body: request.body.toString(isBase64Encoded ? "base64" : "utf8") } : {}),
    isBase64Encoded,
  };
}

/** Lambda removes Authorization, and moves cookies to another field. */
function eventHeaders(request: HttpRequest, requestId: string, nowMs: number): Record<string, string> {
  const kept = [...request.headers].filter(
    ([name]) => name !== "authorization" && name !== "cookie" && name !== "connection",
  );
  const traceId = `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${requestId.replaceAll("-", "").slice(0, 24)}`;
  return {
    "x-amzn-trace-id": traceId,
    ...Object.fromEntries(kept.map(([name, values]) => [name, values.join(",")])),
    "x-forwarded-for": request.sourceIp,
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https",
  };
}

function queryStringParameters(rawQuery: string): Record<string, string> {
  const parameters = new URLSearchParams(rawQuery);
  return Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name).join(",")]));
}

function callerOf(accessKey: string) {
  const userId = "AIDALOCAL";
  const userArn = `arn:aws:iam::${ACCOUNT_ID}:user/spillway-gateway`;
  return {
    accessKey,
    accountId: ACCOUNT_ID,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn,
    userId,
  };
}

/** Text, JSON, XML and JavaScript are passed as text; everything else, including forms and missing types, as base64. */
function isText(request: HttpRequest): boolean {
  const encoding = request.headers.get("content-encoding")?.[0] ?? "identity";
  const type = (request.headers.get("content-type")?.[0] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return encoding === "identity" && /^(text\/.+|application\/(.+\+)?(json|xml)|application\/javascript)$/.test(type);
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(ms: number): string {
  const [, day, month, year, time] = new Date(ms).toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}

export interface HttpResponse {
  statusCode: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
}

const structuredSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** For a function that failed, was killed, or returned an invalid response. It does not contain the cause. */
export const BAD_GATEWAY: HttpResponse = {
  statusCode: 502,
  headers: { "content-type": "application/json" },
  body: Buffer.from("Internal Server Error"),
};

/** The HTTP response for the value that a handler returned. */
export function toHttpResponse(result: unknown): HttpResponse {
  const response = hasStatusCode(result) ? structured(result) : inferred(result);
  return response.body.length > MAX_PAYLOAD_BYTES ? BAD_GATEWAY : response;
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

/** A value without a status code becomes the JSON body of a 200. */
function inferred(result: unknown): HttpResponse {
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: Buffer.from(result === undefined ? "null" : JSON.stringify(result)),
  };
}
