/** The Function URL: accepts signed requests, makes events from them, and sends the function's results. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AwsError, THROTTLED, TOO_LARGE } from "./aws-error.ts";
import {
  BAD_GATEWAY,
  type HttpResponse,
  MAX_PAYLOAD_BYTES,
  toFunctionUrlEvent,
  toHttpResponse,
} from "./function-url.ts";
import { readHttpRequest } from "./http-request.ts";
import type { Pool } from "./pool.ts";
import { type Credentials, verifySignature } from "./verify-signature.ts";

/** What the server is made of. */
export interface OriginServer {
  credentials: Credentials;
  region: string;
  pool: Pool;
  /** Milliseconds. */
  now: () => number;
  /** Receives diagnostics for the operator; never any part of a request. */
  log: (line: string) => void;
}

/** @returns a server that does not listen yet. It responds to every request, with 502 if the function fails */
export function createOriginServer(origin: OriginServer): Server {
  return createServer((incoming, outgoing) => {
    const requestId = randomUUID();
    answer(origin, incoming, requestId)
      .then((response) => send(outgoing, requestId, response))
      // The caller disconnected, or the function returned a header that HTTP does not allow.
      .catch((error: Error) => {
        if (!outgoing.destroyed) origin.log(`request ${requestId} failed: ${error.name}`);
        send(outgoing, requestId, BAD_GATEWAY);
      })
      .catch(() => outgoing.destroy());
  });
}

async function answer(origin: OriginServer, incoming: IncomingMessage, requestId: string): Promise<HttpResponse> {
  const request = await readHttpRequest(incoming, MAX_PAYLOAD_BYTES);
  if (request === null) return awsError(TOO_LARGE);
  const check = verifySignature(request, origin.credentials, origin.region, origin.now());
  if (!check.ok) return awsError(check.refusal);

  const { accessKeyId } = origin.credentials;
  const event = toFunctionUrlEvent(request, { requestId, nowMs: origin.now(), accessKeyId });
  // The limit is on the event, and base64 makes a body a third larger.
  if ((event.body?.length ?? 0) > MAX_PAYLOAD_BYTES) return awsError(TOO_LARGE);

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
