import { describe, expect, it } from "vitest";
import { createSignedFetch } from "../../../../gateway/origin/signed-fetch.ts";
import { readOriginVariables } from "../../../../gateway/origin/variables.ts";

/** In parts, so that no file has the form of a credential. */
const TEMPORARY_ID = `ASIA${"IOSFODNN7EXAMPLE"}`;

const VALID = {
  ORIGIN_URL: "https://abc123.lambda-url.us-east-1.on.aws/",
  ORIGIN_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const READ = {
  deployed: { url: VALID.ORIGIN_URL, region: "us-east-1" },
  credentials: {
    accessKeyId: VALID.AWS_ACCESS_KEY_ID,
    secretAccessKey: VALID.AWS_SECRET_ACCESS_KEY,
    sessionToken: null,
  },
  problems: [],
};

describe("the origin's address and credentials", () => {
  it.each([
    ["as they are", (value: string) => value],
    ["with a line break at the end, as echo writes it", (value: string) => `${value}\n`],
    ["with a Windows line break", (value: string) => `${value}\r\n`],
    ["with a byte order mark, as PowerShell writes it", (value: string) => `\ufeff${value}`],
    ["with spaces", (value: string) => `  ${value}\t`],
  ])("%s are read", (_, bend) => {
    const bent = Object.fromEntries(Object.entries(VALID).map(([name, value]) => [name, bend(value)]));
    expect(readOriginVariables({ ...VALID, ...bent })).toEqual(READ);
  });

  it.each([
    [{ AWS_SECRET_ACCESS_KEY: `"${VALID.AWS_SECRET_ACCESS_KEY}"` }, "AWS_SECRET_ACCESS_KEY is in quotes; store it"],
    [{ AWS_SECRET_ACCESS_KEY: "wJalr\nXUtn" }, "AWS_SECRET_ACCESS_KEY contains a space, a line break or another"],
    [{ AWS_SECRET_ACCESS_KEY: "wJalr XUtn" }, "AWS_SECRET_ACCESS_KEY contains a space"],
    [{ AWS_SECRET_ACCESS_KEY: "wJalr\u200bXUtn" }, "AWS_SECRET_ACCESS_KEY contains a space"],
    [{ AWS_SECRET_ACCESS_KEY: "" }, "AWS_SECRET_ACCESS_KEY is not set"],
    [{ AWS_ACCESS_KEY_ID: "'AKIAIOSFODNN7EXAMPLE'" }, "AWS_ACCESS_KEY_ID is in quotes"],
    [{ AWS_ACCESS_KEY_ID: VALID.AWS_SECRET_ACCESS_KEY }, "AWS_ACCESS_KEY_ID contains a space, a line break or another"],
    [{ AWS_ACCESS_KEY_ID: undefined }, "AWS_ACCESS_KEY_ID is not set"],
    [{ AWS_ACCESS_KEY_ID: TEMPORARY_ID }, "AWS_SESSION_TOKEN is not set, but AWS_ACCESS_KEY_ID is temporary"],
    [{ AWS_SESSION_TOKEN: "a b" }, "AWS_SESSION_TOKEN contains a space"],
    [
      { ORIGIN_URL: "abc123.lambda-url.us-east-1.on.aws" },
      "ORIGIN_URL is not an https URL; set it to the stack's output FunctionUrl",
    ],
    [
      { ORIGIN_URL: '"https://origin.example/"' },
      "ORIGIN_URL is not an https URL; set it to the stack's output FunctionUrl",
    ],
    [{ ORIGIN_URL: "https://me:secret@origin.example/" }, "ORIGIN_URL contains credentials"],
    [{ ORIGIN_URL: " " }, "ORIGIN_URL is not set"],
    [{ ORIGIN_REGION: "US East" }, 'ORIGIN_REGION is "US East"; it must be an AWS region'],
    [{ ORIGIN_REGION: "eu-central-1" }, "ORIGIN_REGION is eu-central-1, but ORIGIN_URL is in us-east-1"],
  ])("%j is refused by its name, without a secret's value", (bend, problem) => {
    // A Worker's variable may be missing, whatever its type is.
    const { problems } = readOriginVariables({ ...VALID, ...(bend as Partial<typeof VALID>) });
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toMatch(/wJalr|secret@/);
  });

  it("a session token is sent and signed with each call", async () => {
    const { deployed, credentials, problems } = readOriginVariables({
      ...VALID,
      AWS_ACCESS_KEY_ID: TEMPORARY_ID,
      AWS_SESSION_TOKEN: "IQoJb3JpZ2luX2VjEXAMPLE/+==\n",
    });
    expect(problems).toEqual([]);
    let sent = new Headers();
    const call = createSignedFetch({ ...deployed, ...credentials }, async (_, init) => {
      sent = new Headers(init?.headers);
      return new Response();
    });
    await call("{}", new AbortController().signal, 1000);
    expect(sent.get("x-amz-security-token")).toBe("IQoJb3JpZ2luX2VjEXAMPLE/+==");
    expect(sent.get("authorization")).toMatch(/SignedHeaders=[^,]*x-amz-security-token/);
  });
});
