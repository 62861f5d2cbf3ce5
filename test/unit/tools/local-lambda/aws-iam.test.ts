/** The Function URL with AWS_IAM, from outside: real requests to the local origin, and the responses of AWS. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AwsV4Signer } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { originAnswerSchema } from "../../../../formats/origin-wire.ts";
import { createSignedFetch } from "../../../../gateway/origin/signed-fetch.ts";
import { writeTinyPackage } from "../../../support/model-package.ts";

const MAIN = fileURLToPath(new URL("../../../../tools/local-lambda/main.ts", import.meta.url));
const MINUTE_MS = 60_000;
const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret-example" };
const BODY = '{"text":"ham spam","maxTokens":100}';

let folder: string;
let origin: ChildProcess;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-iam-"));
  const { folder: model } = await writeTinyPackage(join(folder, "tiny"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    TMPDIR: folder,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    SPILLWAY_ORIGIN_PORT: "0",
    SPILLWAY_MODEL_DIR: model,
  };
  origin = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "inherit"] });
  if (!origin.stdout) throw new Error("no output");
  for await (const line of createInterface(origin.stdout)) {
    url = /^origin ready on (http:\S+)$/.exec(line)?.[1] ?? "";
    if (url) return;
  }
  throw new Error("the origin ended before it was ready");
}, 60_000);
afterAll(async () => {
  origin.kill("SIGTERM");
  await once(origin, "exit");
  await rm(folder, { recursive: true });
});

type Call = { method: string; path: string; headers: Record<string, string>; body: string };
type Signing = Partial<Record<keyof typeof keys | "region" | "service" | "sessionToken", string>> & { ageMs?: number };

/** The gateway's request, signed by an independent implementation, now or `ageMs` ago. */
async function signed({ ageMs = 0, ...bend }: Signing = {}): Promise<Call> {
  const datetime = amzDate(Date.now() - ageMs);
  const headers = { "content-type": "application/json" };
  const request = {
    ...keys,
    service: "lambda",
    region: "us-east-1",
    url,
    method: "POST",
    headers,
    body: BODY,
    datetime,
  };
  const made = await new AwsV4Signer({ ...request, ...bend }).sign();
  return { method: "POST", path: "/", headers: { ...headers, ...Object.fromEntries(made.headers) }, body: BODY };
}

async function send({ method, path, headers, body }: Call) {
  const outgoing = httpRequest(url, { method, path, headers });
  outgoing.end(body);
  const [incoming] = await once(outgoing, "response");
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += chunk;
  const answer: { status: number; headers: IncomingHttpHeaders; body: unknown } = {
    status: incoming.statusCode,
    headers: incoming.headers,
    body: JSON.parse(text),
  };
  return answer;
}

function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

const withHeaders = (call: Call, headers: Record<string, string>) => ({
  ...call,
  headers: { ...call.headers, ...headers },
});
const authorized = (call: Call, edit: (authorization: string) => string) =>
  withHeaders(call, { authorization: edit(call.headers["authorization"] ?? "") });

const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

describe("the origin behind AWS_IAM accepts", () => {
  it("a request that the gateway signed", async () => {
    const settings = { url, region: "us-east-1", ...keys };
    const response = await createSignedFetch(settings, fetch)(BODY, AbortSignal.timeout(10_000), 10_000);
    expect(response.status).toBe(200);
    expect(originAnswerSchema.parse(await response.json()).windows).toHaveLength(1);
  });

  it("the same request again within five minutes: SigV4 has no nonce, so AWS accepts a replay", async () => {
    const call = await signed({ ageMs: 4 * MINUTE_MS });
    expect((await send(call)).status).toBe(200);
    expect((await send(call)).status).toBe(200);
  });

  it("headers that are not signed, as proxies and tracing add them", async () => {
    expect((await send(withHeaders(await signed(), { traceparent: "00-ab-cd-01" }))).status).toBe(200);
  });
});

describe("the origin behind AWS_IAM refuses, with AWS's status, error type and body,", () => {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const message = (text: string | RegExp) => ({
    message: typeof text === "string" ? text : expect.stringMatching(text),
  });

  async function expectRefusal(call: Call, errorType: string, body: unknown): Promise<void> {
    const answer = await send(call);
    expect(answer.status).toBe(403);
    expect(answer.headers["x-amzn-errortype"]).toBe(errorType);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.headers["x-amzn-requestid"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.body).toEqual(body);
  }

  it.each<{ name: string; call: () => Promise<Call> }>([
    {
      name: "an old request with a new date",
      call: async () => withHeaders(await signed({ ageMs: 6 * MINUTE_MS }), { "x-amz-date": amzDate(Date.now()) }),
    },
    {
      name: "an altered body",
      call: async () => ({ ...(await signed()), body: BODY.replace("ham", "jam") }),
    },
    {
      name: "an altered signed header",
      call: async () => withHeaders(await signed(), { host: "elsewhere.lambda-url.us-east-1.on.aws" }),
    },
    {
      name: "an altered path",
      call: async () => ({ ...(await signed()), path: "/other" }),
    },
    {
      name: "an altered query",
      call: async () => ({ ...(await signed()), path: "/?a=1" }),
    },
    {
      name: "another method",
      call: async () => ({ ...(await signed()), method: "PUT" }),
    },
    {
      name: "an X-Amz-Content-Sha256 of another body",
      call: async () => withHeaders(await signed(), { "x-amz-content-sha256": sha256("{}") }),
    },
    {
      name: "an unsigned payload, which Lambda does not accept",
      call: async () => withHeaders(await signed(), { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }),
    },
    {
      name: "another key's secret",
      call: () => signed({ secretAccessKey: "guessed" }),
    },
  ])("$name", async ({ call }) => {
    await expectRefusal(await call(), "InvalidSignatureException", { message: MISMATCH });
  });

  it.each<{ name: string; call: () => Promise<Call>; errorType: string; body: unknown }>([
    {
      name: "a request without a signature",
      call: async () => ({ method: "POST", path: "/", headers: { "content-type": "application/json" }, body: BODY }),
      errorType: "AccessDeniedException",
      body: { Message: expect.stringMatching(/^Forbidden/) },
    },
    {
      name: "a bearer token",
      call: async () => withHeaders(await signed(), { authorization: "Bearer abc" }),
      errorType: "IncompleteSignatureException",
      body: message(/^Invalid key=value pair \(missing equal-sign\) in Authorization header \(hashed with SHA-256 /),
    },
    {
      name: "a signature without its date",
      call: async () => {
        const { "x-amz-date": _, ...headers } = (await signed()).headers;
        return { ...(await signed()), headers };
      },
      errorType: "IncompleteSignatureException",
      body: message(/^Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header\. \(Hashed /),
    },
    {
      name: "a replay after more than five minutes",
      call: () => signed({ ageMs: 5 * MINUTE_MS + 2000 }),
      errorType: "InvalidSignatureException",
      body: message(/^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/),
    },
    {
      name: "a request that is signed for a later time",
      call: () => signed({ ageMs: -6 * MINUTE_MS }),
      errorType: "InvalidSignatureException",
      body: message(
        /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$/,
      ),
    },
    {
      name: "an unknown access key",
      call: () => signed({ accessKeyId: "AKIDOTHER" }),
      errorType: "UnrecognizedClientException",
      body: message("The security token included in the request is invalid."),
    },
    {
      name: "a session token of another key",
      call: () => signed({ sessionToken: "made-up" }),
      errorType: "UnrecognizedClientException",
      body: message("The security token included in the request is invalid."),
    },
    {
      name: "a signature for another region",
      call: () => signed({ region: "eu-west-1" }),
      errorType: "InvalidSignatureException",
      body: message("Credential should be scoped to a valid region. "),
    },
    {
      name: "a signature for another service",
      call: () => signed({ service: "execute-api" }),
      errorType: "InvalidSignatureException",
      body: message("Credential should be scoped to correct service: 'lambda'. "),
    },
    {
      name: "a signature that does not cover the host",
      call: async () => authorized(await signed(), (text) => text.replace("SignedHeaders=host;", "SignedHeaders=")),
      errorType: "InvalidSignatureException",
      body: message("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
    },
    {
      name: "another algorithm",
      call: async () => authorized(await signed(), (text) => text.replace("HMAC-SHA256", "HMAC-SHA1")),
      errorType: "IncompleteSignatureException",
      body: message("Unsupported AWS 'algorithm'."),
    },
  ])("$name", async ({ call, errorType, body }) => {
    await expectRefusal(await call(), errorType, body);
  });
});
