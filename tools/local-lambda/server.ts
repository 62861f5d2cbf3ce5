import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AwsError, THROTTLED, TOO_LARGE } from "./aws-error.ts";
import {
  BAD_GATEWAY,
  type HttpResponse,
  PAYLOAD_LIMIT_BYTES,
  toFunctionUrlEvent,
  toHttpResponse,
} from "./function-url.ts";
import { readHttpRequest } from "./http-request.ts";
import type { Pool } from "./pool.ts";
import { type Credentials, verifySignature } from "./verify-signature.ts";

export type OriginServer = {
  credentials: Credentials;
  region: string;
  pool: Pool;
  now: () => number;
  /** Operator diagnostics; never handed any part of a request. */
  log: (line: string) => void;
};

/** The Function URL: lets in what is signed, turns it into an event, and the function's result into the answer. */
export function createOriginServer(origin: OriginServer): Server {
  return createServer((incoming, outgoing) => {
    const requestId = randomUUID();
    answer(origin, incoming, requestId)
      .then((response) => send(outgoing, requestId, response))
      // The caller went away, or the function returned a header that HTTP cannot carry.
      .catch((error: Error) => {
        if (!outgoing.destroyed) origin.log(`request ${requestId} failed: ${error.name}`);
        send(outgoing, requestId, BAD_GATEWAY);
      })
      .catch(() => outgoing.destroy());
  });
}

async function answer(origin: OriginServer, incoming: IncomingMessage, requestId: string): Promise<HttpResponse> {
  const request = await readHttpRequest(incoming, PAYLOAD_LIMIT_BYTES);
  if (!request) return awsError(TOO_LARGE);
  const verdict = verifySignature(request, origin.credentials, origin.region, origin.now());
  if (!verdict.ok) return awsError(verdict.refusal);

  const { accessKeyId } = origin.credentials;
  const event = toFunctionUrlEvent(request, { requestId, nowMs: origin.now(), accessKeyId });
  // Base64 makes a body a third larger, and the limit is on what the function is handed.
  if ((event.body?.length ?? 0) > PAYLOAD_LIMIT_BYTES) return awsError(TOO_LARGE);

  const outcome = await origin.pool.invoke(requestId, event);
  if (outcome.kind === "answered") return toHttpResponse(outcome.result);
  if (outcome.kind === "throttled") return awsError(THROTTLED);
  origin.log(`request ${requestId} failed: ${outcome.reason}`);
  return BAD_GATEWAY;
}

function awsError({ statusCode, errorType, body }: AwsError): HttpResponse {
  const headers = { "content-type": "application/json", "x-amzn-ErrorType": errorType };
  return { statusCode, headers, body: Buffer.from(JSON.stringify(body)) };
}

function send(outgoing: ServerResponse, requestId: string, { statusCode, headers, body }: HttpResponse): void {
  outgoing.writeHead(statusCode, { ...headers, "x-amzn-requestid": requestId, "content-length": body.length });
  outgoing.end(body);
}
