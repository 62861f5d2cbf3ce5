/** The signature of calls, against aws4fetch, which AWS's own test suite was run against, and which no program of Spillway uses. */
import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createSignedFetch, type OriginSettings } from "../../../../gateway/origin/signed-fetch.ts";

const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const SETTINGS = { ...KEYS, url: "https://abc.lambda-url.eu-central-1.on.aws/", region: "eu-central-1" };

afterEach(() => void vi.useRealTimers());

/** What a call sends. */
async function sentBy(call: ReturnType<typeof createSignedFetch>, body: string, sent: () => RequestInit | undefined) {
  await call(body, new AbortController().signal, 1000);
  return new Headers(sent()?.headers);
}

function caller(settings: OriginSettings) {
  let sent: { url: string; init: RequestInit | undefined } | undefined;
  const call = createSignedFetch(settings, async (input, init) => {
    sent = { url: String(input), init };
    return new Response();
  });
  return { headers: (body: string) => sentBy(call, body, () => sent?.init), url: () => sent?.url };
}

async function expected({ sessionToken, ...settings }: OriginSettings, body: string): Promise<Headers> {
  const aws = { method: "POST", service: "lambda", ...settings, ...(sessionToken && { sessionToken }), body };
  return (await new AwsV4Signer(aws).sign()).headers;
}

describe("a call is signed as aws4fetch signs it", () => {
  const part = fc.stringMatching(/^[\w !'()*~.%&=+ä/-]{0,8}$/);
  const settingsOf = fc.record({
    path: part,
    query: fc.array(fc.tuple(part, part), { maxLength: 4 }),
    sessionToken: fc.option(fc.stringMatching(/^[\w/+=]{1,40}$/)),
    secretAccessKey: fc.stringMatching(/^[\w/+]{1,40}$/),
  });
  it("with any address, key, token and body", async () => {
    await fc.assert(
      fc.asyncProperty(settingsOf, fc.string({ unit: "grapheme" }), async ({ path, query, ...keys }, body) => {
        const url = new URL(`https://origin.example:8443/${path.replaceAll("%", "%25")}`);
        for (const [name, value] of query) url.searchParams.append(name, value);
        const settings = { ...SETTINGS, ...keys, url: url.href };
        vi.useFakeTimers({ now: new Date("2026-11-26T12:00:00Z"), toFake: ["Date"] });
        const headers = await caller(settings).headers(body);
        for (const [name, value] of await expected(settings, body))
          expect([name, headers.get(name)]).toEqual([name, value]);
      }),
      { numRuns: 200 },
    );
  });

  it("on the next day too, with the next day's key", async () => {
    vi.useFakeTimers({ now: new Date("2026-12-31T23:59:59.999Z"), toFake: ["Date"] });
    const { headers } = caller(SETTINGS);
    const signatures = [];
    for (const passedMs of [0, 1, 86_400_000]) {
      vi.setSystemTime(Date.now() + passedMs);
      const signature = (await headers("{}")).get("authorization");
      expect(signature).toBe((await expected(SETTINGS, "{}")).get("authorization"));
      signatures.push(signature);
    }
    expect(new Set(signatures).size).toBe(3);
  });
});

it("the address that is called is the one that is signed, and what is added is not signed", async () => {
  const { headers, url } = caller({ ...SETTINGS, url: "HTTPS://Origin.Example:443/a/../b" });
  const sent = await headers("{}");
  expect(url()).toBe("https://origin.example/b");
  expect(sent.get("authorization")).toMatch(/ SignedHeaders=host;x-amz-date, /);
  expect([sent.get("content-type"), sent.get("x-spillway-timeout-ms")]).toEqual(["application/json", "1000"]);
});
