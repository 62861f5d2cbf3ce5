/** HTTP request → Function URL event, payload format 2.0. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
import type { HttpRequest } from "./http-request.ts";

/** The payload of a synchronous invocation, request and response alike: 6 MB. */
export const PAYLOAD_LIMIT_BYTES = 6_291_456;

type EventContext = { requestId: string; nowMs: number; accessKeyId: string };

const ACCOUNT_ID = "000000000000";

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

/** Lambda keeps Authorization for itself and moves cookies to a field of their own. */
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

/** Text of any kind, JSON, XML and JavaScript come as they are; everything else, forms and unnamed types too, as base64. */
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
