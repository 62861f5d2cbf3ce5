import { once } from "node:events";
import type { Server } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSignedFetch } from "../../../../gateway/origin/signed-fetch.ts";
import { MAX_PAYLOAD_BYTES } from "../../../../tools/local-lambda/function-url.ts";
import type { Pool, PoolOutcome } from "../../../../tools/local-lambda/pool.ts";
import { createOriginServer } from "../../../../tools/local-lambda/server.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret-example" };

let server: Server;
let url: string;
let invoke: (event: unknown) => Promise<PoolOutcome>;
let logged: string[];

beforeEach(async () => {
  invoke = async (event) => ({ kind: "answered", result: event });
  logged = [];
  const pool: Pool = {
    invoke: (_requestId, event) => invoke(event),
    prewarm: async () => null,
    sweep: () => {},
    stop: async () => {},
  };
  server = createOriginServer({
    credentials,
    region: "us-east-1",
    pool,
    now: Date.now,
    log: (line) => logged.push(line),
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${port()}/`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function port(): number {
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("not listening");
  return address.port;
}

interface Sent {
  /** Not signed. */
  contentType?: string;
  signal?: AbortSignal;
  /** What is sent in place of the signed body. */
  alteredBody?: string;
}

/** Signs as the gateway does. */
function post(body: string, { contentType, signal, alteredBody }: Sent = {}): Promise<Response> {
  const send: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (contentType !== undefined) headers.set("content-type", contentType);
    return fetch(input, { ...init, headers, ...(alteredBody !== undefined && { body: alteredBody }) });
  };
  const call = createSignedFetch({ url, region: "us-east-1", ...credentials }, send);
  return call(body, signal ?? AbortSignal.timeout(30_000), 30_000);
}

describe("the local Function URL", () => {
  it("passes a signed request to the function and its result to the caller", async () => {
    invoke = async (event) => ({
      kind: "answered",
      result: { statusCode: 201, headers: { "x-a": "b" }, body: JSON.stringify(event) },
    });
    const response = await post('{"text":"é"}');
    expect(response.status).toBe(201);
    expect(response.headers.get("x-a")).toBe("b");
    expect(response.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toMatchObject({
      version: "2.0",
      rawPath: "/",
      body: '{"text":"é"}',
      isBase64Encoded: false,
    });
  });

  it("refuses an unsigned request", async () => {
    invoke = () => Promise.reject(new Error("must not be reached"));
    const response = await fetch(url, { method: "POST", body: "{}" });
    expect(response.status).toBe(403);
    expect(response.headers.get("x-amzn-errortype")).toBe("AccessDeniedException");
    expect(await response.json()).toEqual({ Message: expect.stringMatching(/^Forbidden/) });
  });

  it("refuses an altered request, with AWS's error", async () => {
    invoke = () => Promise.reject(new Error("must not be reached"));
    const response = await post("{}", { alteredBody: "[]" });
    expect(response.status).toBe(403);
    expect(response.headers.get("x-amzn-errortype")).toBe("InvalidSignatureException");
    expect(await response.json()).toEqual({
      message: expect.stringContaining("does not match the signature you provided"),
    });
  });

  it("answers 429 as Lambda does if the function is throttled", async () => {
    invoke = async () => ({ kind: "throttled" });
    const response = await post("{}");
    expect(response.status).toBe(429);
    expect(response.headers.get("x-amzn-errortype")).toBe("TooManyRequestsException");
    expect(await response.json()).toEqual({
      Reason: "ConcurrentInvocationLimitExceeded",
      Type: "User",
      message: "Rate Exceeded.",
    });
  });

  it("answers 502 if the function failed, and reports the reason only to the operator", async () => {
    invoke = async () => ({ kind: "failed", reason: "timed out after 30000 ms" });
    const response = await post("{}");
    expect(response.status).toBe(502);
    expect(await response.text()).toBe("Internal Server Error");
    expect(logged).toEqual([expect.stringMatching(/^request [0-9a-f-]{36} failed: timed out after 30000 ms$/)]);
  });

  it("answers 502 for a header that HTTP does not allow", async () => {
    invoke = async () => ({
      kind: "answered",
      result: { statusCode: 200, headers: { "x-a": "b\r\nset-cookie: c=1" }, body: "" },
    });
    const response = await post("{}");
    expect(response.status).toBe(502);
    expect(response.headers.has("set-cookie")).toBe(false);
    expect(logged).toEqual([expect.stringContaining("failed: TypeError")]);
  });

  it.each([
    { name: "a text body of 6 MB", type: "text/plain", sizeBytes: MAX_PAYLOAD_BYTES, status: 200 },
    { name: "a text body over 6 MB", type: "text/plain", sizeBytes: MAX_PAYLOAD_BYTES + 1, status: 413 },
    {
      name: "a binary body that is over 6 MB in base64",
      type: "image/png",
      sizeBytes: MAX_PAYLOAD_BYTES - 10,
      status: 413,
    },
  ])("answers $status for $name", async ({ type, sizeBytes, status }) => {
    invoke = async () => ({ kind: "answered", result: { statusCode: 200 } });
    const response = await post("x".repeat(sizeBytes), { contentType: type });
    expect(response.status).toBe(status);
    await response.arrayBuffer();
  });

  it("lets the function finish after the caller has disconnected, and answers the next one", async () => {
    const caller = new AbortController();
    const finished = Promise.withResolvers<PoolOutcome>();
    const reached = Promise.withResolvers<void>();
    invoke = () => {
      reached.resolve();
      return finished.promise;
    };
    const gone = post("{}", { signal: caller.signal });
    await reached.promise;
    caller.abort();
    await expect(gone).rejects.toThrow();
    finished.resolve({ kind: "answered", result: "late" });
    invoke = async () => ({ kind: "answered", result: "next" });
    expect(await (await post("{}")).json()).toBe("next");
  });

  it("continues after a request that ended before its body was complete", async () => {
    const socket = connect(port(), "127.0.0.1");
    await once(socket, "connect");
    socket.end("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf");
    socket.resume();
    await once(socket, "close");
    expect((await post("{}")).status).toBe(200);
  });
});
