/** Which headers of a caller reach the origin: the whole Worker with its entry, and a real HTTP server as the origin. */
import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { bearer, CREDENTIALS } from "../../support/credentials.ts";
import { CANARY, HAM } from "../../support/texts.ts";
import { storeKey } from "../support/api-keys.ts";
import { setPolicy } from "../support/gateway.ts";

/** The headers of the gateway, of HTTP, and the header with which Cloudflare marks the fetches of a Worker. */
const SENT = [
  "authorization",
  "cf-worker",
  "content-length",
  "content-type",
  "host",
  "traceparent",
  "x-amz-date",
  "x-spillway-timeout-ms",
];

const SIGNATURE = new RegExp(
  `^AWS4-HMAC-SHA256 Credential=${CREDENTIALS.AWS_ACCESS_KEY_ID}/\\d{8}/us-east-1/lambda/aws4_request, ` +
    "SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$",
);
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

beforeAll(async () => {
  await setPolicy({
    version: 1,
    override: "origin",
    origins: { only: { url: `${inject("faultOrigin")}ok?headers`, region: "us-east-1" } },
  });
});

/** @returns the headers that the origin received for a request with these headers */
async function arrived(headers: Record<string, string>): Promise<Record<string, string>> {
  const response = await exports.default.fetch("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ inputs: HAM }),
  });
  expect(response.status).toBe(200);
  const seen = await fetch(`${inject("faultOrigin")}ok?headers`);
  return (await seen.json<{ headers: Record<string, string> }>()).headers;
}

/** Expects the headers of the gateway, without any value of the caller. */
function expectOnlyOurs(headers: Record<string, string>, ...more: string[]): void {
  expect(Object.keys(headers).toSorted()).toEqual([...SENT, ...more].toSorted());
  expect(JSON.stringify(headers)).not.toContain(CANARY);
  expect(headers).toMatchObject({
    authorization: expect.stringMatching(SIGNATURE),
    "content-type": "application/json",
    host: new URL(inject("faultOrigin")).host,
    traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
    "x-amz-date": expect.stringMatching(/^\d{8}T\d{6}Z$/),
    "x-spillway-timeout-ms": "8000",
  });
}

describe("no header of a caller reaches the origin, except a well-formed trace context", () => {
  it.each([
    ["cookie", `session=${CANARY}`],
    ["proxy-authorization", CANARY],
    ["host", `${CANARY}.example`],
    ["x-forwarded-for", CANARY],
    ["x-forwarded-host", CANARY],
    ["x-forwarded-proto", CANARY],
    ["x-forwarded-prefix", CANARY],
    ["x-original-url", `/${CANARY}`],
    ["x-rewrite-url", `/${CANARY}`],
    ["x-http-method-override", CANARY],
    ["x-host", CANARY],
    ["forwarded", `for=${CANARY};host=${CANARY}`],
    ["x-real-ip", CANARY],
    ["cf-connecting-ip", CANARY],
    ["cf-worker", CANARY],
    ["true-client-ip", CANARY],
    ["x-amz-date", CANARY],
    ["x-amz-security-token", CANARY],
    ["x-amz-content-sha256", CANARY],
    ["x-amz-invocation-type", CANARY],
    ["x-amzn-trace-id", `Root=${CANARY}`],
    ["x-spillway-timeout-ms", CANARY],
    ["content-type", `application/json; profile=${CANARY}`],
    ["content-encoding", "identity"],
    ["content-language", CANARY],
    ["content-length", "3"],
    ["transfer-encoding", "chunked, identity"],
    ["connection", `keep-alive, ${CANARY}`],
    ["keep-alive", CANARY],
    ["te", CANARY],
    ["trailer", CANARY],
    ["upgrade", CANARY],
    ["expect", CANARY],
    ["range", CANARY],
    ["via", CANARY],
    ["baggage", `user=${CANARY}`],
    ["b3", CANARY],
    ["origin", `https://${CANARY}.example`],
    ["referer", `https://${CANARY}.example`],
    ["user-agent", CANARY],
    ["accept", CANARY],
    ["x-odd", CANARY.repeat(4000)],
  ])("%s: %s", async (name, value) => {
    expectOnlyOurs(await arrived({ traceparent: TRACEPARENT, [name]: value }));
  });

  it.each([
    ["authorization", (key: string) => bearer(key).authorization],
    ["x-api-key", (key: string) => key],
  ])("%s: a valid API key", async (name, value) => {
    const { key } = await storeKey();
    const headers = await arrived({ traceparent: TRACEPARENT, [name]: value(key) });
    expectOnlyOurs(headers);
    expect(JSON.stringify(headers)).not.toContain(key.slice(4));
  });
});

describe("a trace context", async () => {
  const { key } = await storeKey();
  const arrivedOfHolder = (headers: Record<string, string>) => arrived({ ...bearer(key), ...headers });

  it("that is well-formed is continued, with an unchanged tracestate", async () => {
    const headers = await arrivedOfHolder({ traceparent: TRACEPARENT, tracestate: "vendor=a:1,other=b" });
    expectOnlyOurs(headers, "tracestate");
    expect(headers["traceparent"]).toContain(TRACE);
    expect(headers["tracestate"]).toBe("vendor=a:1,other=b");
  });

  it("of a caller without a key continues without its tracestate", async () => {
    const headers = await arrived({ traceparent: TRACEPARENT, tracestate: `vendor=${CANARY}` });
    expectOnlyOurs(headers);
    expect(headers["traceparent"]).toContain(TRACE);
  });

  it.each([
    ["no traceparent", ""],
    ["words", CANARY],
    ["a trace id that is too short", `00-${TRACE.slice(1)}-00f067aa0ba902b7-01`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
    ["no hex", `00-${"z".repeat(32)}-00f067aa0ba902b7-01`],
    ["capitals", TRACEPARENT.toUpperCase()],
    ["the forbidden version", `ff-${TRACE}-00f067aa0ba902b7-01`],
    ["more than its version has", `${TRACEPARENT}-${CANARY}`],
    ["60 kB", `${TRACEPARENT}${"0".repeat(60_000)}`],
    ["control characters", `${TRACEPARENT}\u0001${CANARY}`],
    ["two at once", `${TRACEPARENT}, ${TRACEPARENT}`],
  ])("that is malformed (%s) is replaced, and its tracestate is dropped", async (_, traceparent) => {
    const headers = await arrivedOfHolder({ traceparent, tracestate: `vendor=${CANARY}` });
    expectOnlyOurs(headers);
    expect(headers["traceparent"]).not.toContain(TRACE);
  });

  it.each([
    ["of 60 kB", `vendor=${"x".repeat(60_000)}`],
    ["with control characters", `vendor=a\u0001${CANARY}`],
    ["with letters beyond ASCII", `vendor=\u00e9${CANARY}`],
    ["without a value", CANARY],
    ["with a key of capitals", `${CANARY.toUpperCase()}=${CANARY}`],
  ])("whose tracestate is %s continues without it", async (_, tracestate) => {
    const headers = await arrivedOfHolder({ traceparent: TRACEPARENT, tracestate });
    expectOnlyOurs(headers);
    expect(headers["traceparent"]).toContain(TRACE);
  });

  it("whose tracestate has thousands of members continues with the first ones, 512 characters at most", async () => {
    const members = Array.from({ length: 6000 }, (_, at) => `v${at}=${"x".repeat(10)}`);
    const passedOn =
      (await arrivedOfHolder({ traceparent: TRACEPARENT, tracestate: members.join(",") }))["tracestate"] ?? "";
    expect(passedOn.length).toBeLessThanOrEqual(512);
    expect(members.join(",").startsWith(`${passedOn},`)).toBe(true);
  });

  it("whose tracestate has one bad member continues with the valid ones", async () => {
    const tracestate = `good=1,bad\u0002=${CANARY},fine=2`;
    expect((await arrivedOfHolder({ traceparent: TRACEPARENT, tracestate }))["tracestate"]).toBe("good=1,fine=2");
  });
});
