import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HttpRequest } from "../../../../tools/local-lambda/http-request.ts";
import { signatureOf } from "../../../../tools/local-lambda/sigv4.ts";
import { verifySignature } from "../../../../tools/local-lambda/verify-signature.ts";
import { httpRequest } from "./requests.ts";

const SIGNED_AT_MS = Date.UTC(2026, 10, 23, 12, 0, 0);
const MINUTE_MS = 60_000;
/** Of the body below, by `sha256sum`. */
const BODY_SHA256 = "cbbbdcd27692344de5dbab3abcaba413fb0f45307267de7081401576df1cb176";
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret-example" };

type Bend = { url?: string; method?: string; body?: string; headers?: Record<string, string> } & Partial<
  Record<"accessKeyId" | "secretAccessKey" | "sessionToken" | "service" | "region" | "datetime", string>
>;

/** A valid request, signed by aws4fetch: an independent implementation, which the gateway uses. */
async function signed(bend: Bend = {}): Promise<HttpRequest> {
  const signer = new AwsV4Signer({
    ...credentials,
    service: "lambda",
    region: "us-east-1",
    method: "POST",
    url: "http://127.0.0.1:8790/",
    headers: { "content-type": "application/json" },
    body: '{"text":"hello"}',
    datetime: "20261123T120000Z",
    ...bend,
  });
  const { method, url, headers, body } = await signer.sign();
  return httpRequest(url.pathname + url.search, {
    method,
    headers: [["host", url.host], ...headers],
    body: typeof body === "string" ? body : "",
  });
}

const verify = (request: HttpRequest, nowMs = SIGNED_AT_MS) =>
  verifySignature(request, credentials, "us-east-1", nowMs);

function withHeader(request: HttpRequest, name: string, value?: string): HttpRequest {
  const headers = new Map(request.headers);
  if (value === undefined) headers.delete(name);
  else headers.set(name, [value]);
  return { ...request, headers };
}

function withAuthorization(request: HttpRequest, edit: (text: string) => string): HttpRequest {
  return withHeader(request, "authorization", edit(request.headers.get("authorization")?.[0] ?? ""));
}

/** The refusal as the caller sees it: error type and message, in one line. */
function seen(check: ReturnType<typeof verify>): string {
  if (check.ok) return "accepted";
  const { statusCode, errorType, body } = check.refusal;
  return `${statusCode} ${errorType} ${body["message"] ?? body["Message"]}`;
}

const MISMATCH = "403 InvalidSignatureException The request signature we calculated does not match";

describe("a signed request is accepted", () => {
  it.each<{ name: string; bend: Bend }>([
    { name: "as the gateway sends it", bend: {} },
    {
      name: "with escapes, dots and double slashes in its path",
      bend: { url: "http://h/a%20b//c/../é/~x*'(1)!" },
    },
    { name: "with a query that must be sorted and encoded", bend: { url: "http://h/?b=2&a=%2F%20+&b=1&c&A=é&a-=~*" } },
    {
      name: "with more headers signed",
      bend: { headers: { "x-request-id": "  one   two ", traceparent: "00-ab-cd-01" } },
    },
    { name: "without a body", bend: { method: "GET", body: "" } },
    { name: "with its payload's hash declared", bend: { headers: { "x-amz-content-sha256": BODY_SHA256 } } },
  ])("$name", async ({ bend }) => {
    expect(seen(verify(await signed(bend)))).toBe("accepted");
  });

  it("whatever its path, query, header and text contain", async () => {
    const part = fc.string({ unit: "grapheme", maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(part, part, part, part, async (path, name, value, body) => {
        const url = new URL("http://127.0.0.1:8790/");
        url.pathname = path;
        url.searchParams.append(name, value);
        expect(seen(verify(await signed({ url: url.href, body })))).toBe("accepted");
      }),
      { numRuns: 300 },
    );
  });

  it("again within five minutes: SigV4 has no nonce, so AWS accepts a replay", async () => {
    const request = await signed();
    expect(verify(request)).toEqual({ ok: true });
    expect(verify(request, SIGNED_AT_MS + 4 * MINUTE_MS)).toEqual({ ok: true });
  });

  it("with the session token that belongs to the key", async () => {
    const request = await signed({ sessionToken: "token" });
    expect(verifySignature(request, { ...credentials, sessionToken: "token" }, "us-east-1", SIGNED_AT_MS).ok).toBe(
      true,
    );
  });
});

describe("a request is refused as AWS refuses it", () => {
  it("without a signature", async () => {
    expect(seen(verify(withHeader(await signed(), "authorization")))).toMatch(/^403 AccessDeniedException Forbidden/);
  });

  it.each<{ name: string; alter: (request: HttpRequest) => HttpRequest }>([
    { name: "body", alter: (request) => ({ ...request, body: Buffer.from('{"text":"hellO"}') }) },
    { name: "emptied body", alter: (request) => ({ ...request, body: Buffer.alloc(0) }) },
    { name: "method", alter: (request) => ({ ...request, method: "PUT" }) },
    { name: "path", alter: (request) => ({ ...request, rawPath: "/other" }) },
    { name: "query", alter: (request) => ({ ...request, rawQuery: "a=1" }) },
    { name: "host", alter: (request) => withHeader(request, "host", "elsewhere:8790") },
    { name: "date", alter: (request) => withHeader(request, "x-amz-date", "20261123T120001Z") },
    { name: "dropped signed header", alter: (request) => withHeader(request, "host") },
    { name: "payload hash", alter: (request) => withHeader(request, "x-amz-content-sha256", "UNSIGNED-PAYLOAD") },
    {
      name: "signature",
      alter: (request) =>
        withAuthorization(request, (text) => text.replace(/.$/, (last) => (last === "0" ? "1" : "0"))),
    },
    {
      name: "list of signed headers without the date",
      alter: (request) => withAuthorization(request, (text) => text.replace("host;x-amz-date", "host")),
    },
  ])("with an altered $name", async ({ alter }) => {
    const request = await signed();
    expect(seen(verify(request))).toBe("accepted");
    expect(seen(verify(alter(request)))).toContain(MISMATCH);
  });

  it("with the wrong secret", async () => {
    expect(seen(verify(await signed({ secretAccessKey: "guessed" })))).toContain(MISMATCH);
  });

  it.each<{ name: string; bend: Bend }>([
    { name: "an unknown access key", bend: { accessKeyId: "AKIDOTHER" } },
    { name: "a session token of another key", bend: { sessionToken: "made-up" } },
  ])("with $name", async ({ bend }) => {
    expect(seen(verify(await signed(bend)))).toBe(
      "403 UnrecognizedClientException The security token included in the request is invalid.",
    );
  });

  it.each([
    { name: "at five minutes old", afterMs: 5 * MINUTE_MS, expected: "accepted" },
    {
      name: "over five minutes old",
      afterMs: 5 * MINUTE_MS + 1000,
      expected:
        "403 InvalidSignatureException Signature expired: 20261123T120000Z is now earlier than 20261123T120001Z (20261123T120501Z - 5 min.)",
    },
    { name: "five minutes ahead", afterMs: -5 * MINUTE_MS, expected: "accepted" },
    {
      name: "over five minutes ahead",
      afterMs: -5 * MINUTE_MS - 1000,
      expected:
        "403 InvalidSignatureException Signature not yet current: 20261123T120000Z is still later than 20261123T115959Z (20261123T115459Z + 5 min.)",
    },
  ])("$name: $expected", async ({ afterMs, expected }) => {
    expect(seen(verify(await signed(), SIGNED_AT_MS + afterMs))).toBe(expected);
  });

  it.each<{ name: string; bend: Bend; says: string }>([
    { name: "another region", bend: { region: "eu-west-1" }, says: "Credential should be scoped to a valid region" },
    {
      name: "another service",
      bend: { service: "execute-api" },
      says: "Credential should be scoped to correct service: 'lambda'.",
    },
  ])("signed for $name", async ({ bend, says }) => {
    expect(seen(verify(await signed(bend)))).toContain(`403 InvalidSignatureException ${says}`);
  });

  it("if the scope's day is not that of its date", async () => {
    const request = await signed();
    const altered = withAuthorization(request, (text) => text.replace("/20261123/", "/20261122/"));
    expect(seen(verify(altered))).toContain("Date in Credential scope does not match");
  });

  it.each([
    { header: "Bearer abc", says: "Invalid key=value pair (missing equal-sign) in Authorization header" },
    { header: "Basic YTpiYw==", says: "requires 'SignedHeaders' parameter." },
    {
      header: "AWS4-HMAC-SHA512 Credential=a/b/c/d/e, SignedHeaders=host, Signature=c",
      says: "Unsupported AWS 'algorithm'",
    },
    {
      header: "AWS4-HMAC-SHA256",
      says: "requires 'Credential' parameter. Authorization header requires 'Signature' parameter.",
    },
    {
      header: "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c",
      says: "exactly 5 slash-delimited elements",
    },
    { header: "", says: "Authorization header cannot be empty: ''." },
  ])("with the authorization '$header'", async ({ header, says }) => {
    const text = seen(verify(withHeader(await signed(), "authorization", header)));
    expect(text).toContain("403 IncompleteSignatureException");
    expect(text).toContain(says);
  });

  it.each(["yesterday", "2026", "20261399T000000Z"])("with the date '%s', which is invalid", async (date) => {
    expect(seen(verify(withHeader(await signed(), "x-amz-date", date)))).toBe(
      `403 IncompleteSignatureException Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  });

  it("if the date is not signed, although the signature matches", async () => {
    const request = await signed();
    const scope = { date: "20261123", region: "us-east-1", service: "lambda", terminator: "aws4_request" };
    const input = { secretAccessKey: "secret-example", scope, amzDate: "20261123T120000Z" };
    const signing = (...signedHeaders: string[]) =>
      withHeader(
        request,
        "authorization",
        `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/lambda/aws4_request, SignedHeaders=${signedHeaders.join(";")}, Signature=${signatureOf(request, { ...input, signedHeaders })}`,
      );
    expect(seen(verify(signing("host", "x-amz-date")))).toBe("accepted");
    expect(seen(verify(signing("host")))).toContain(MISMATCH);
  });

  it("with the first of several faults, in the order of AWS", async () => {
    const signedAt = "20261123T114500Z";
    const stale = await signed({ region: "eu-west-1", service: "s3", accessKeyId: "AKIDOTHER", datetime: signedAt });
    expect(seen(verify(stale))).toContain("Signature expired: ");
    const unknown = await signed({ region: "eu-west-1", service: "s3", accessKeyId: "AKIDOTHER" });
    expect(seen(verify(unknown))).toBe(
      "403 InvalidSignatureException Credential should be scoped to a valid region. Credential should be scoped to correct service: 'lambda'. ",
    );
  });

  it("without a crash, whatever the authorization header contains", async () => {
    const request = await signed();
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(verify(withHeader(request, "authorization", header)).ok).toBe(false);
        expect(verify(withHeader(request, "authorization", `AWS4-HMAC-SHA256 ${header}`)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
