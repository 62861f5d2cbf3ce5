import { describe, expect, it } from "vitest";
import { checkOrigin } from "../../../../tools/deploy/check-origin.ts";
import { checkPolicy } from "../../../../tools/deploy/check-policy.ts";
import { problems, warnings } from "./findings.ts";

describe("an origin's address", () => {
  const url = "https://abc123.lambda-url.eu-central-1.on.aws/";
  const found = (given: { url?: unknown; region?: unknown }) => {
    const { state, check, message } = checkOrigin({
      url,
      region: "eu-central-1",
      urlName: "ORIGIN_URL",
      regionName: "ORIGIN_REGION",
      ...given,
    });
    return `${state} ${check}: ${message}`;
  };

  it.each([
    [{}, "ok ORIGIN_URL: is a Function URL in eu-central-1; calls are signed for it"],
    [
      { url: "https://origin.spillway.dev/classify" },
      "ok ORIGIN_URL: is your domain origin.spillway.dev; calls are signed for eu-central-1",
    ],
    [{ url: undefined }, "problem ORIGIN_URL: is not set"],
    [{ url: "lambda" }, 'problem ORIGIN_URL: "lambda" is not a URL'],
    [
      { url: "http://origin.spillway.dev/" },
      'problem ORIGIN_URL: "http://origin.spillway.dev/" is not https: texts would be sent unencrypted',
    ],
    [
      { url: "https://id:secret@origin.spillway.dev/" },
      "problem ORIGIN_URL: contains credentials; the gateway signs its calls",
    ],
    [{ url: `${url}?token=hush` }, "problem ORIGIN_URL: has a query or a fragment"],
    [{ url: "https://127.0.0.1:8790/" }, "problem ORIGIN_URL: 127.0.0.1 is not a host name that a Worker can call"],
    [{ url: "https://[::1]/" }, "problem ORIGIN_URL: [::1] is not a host name that a Worker can call"],
    [{ url: "https://localhost/" }, "problem ORIGIN_URL: localhost is not a host name that a Worker can call"],
    [
      { url: "https://origin.example.com/" },
      'problem ORIGIN_URL: "https://origin.example.com/" uses a domain reserved for examples',
    ],
    [
      { url: "https://abc.execute-api.on.aws/" },
      "problem ORIGIN_URL: abc.execute-api.on.aws is an AWS host, but not a Function URL",
    ],
    [
      { region: "us-east-1" },
      "problem ORIGIN_REGION: is us-east-1, but ORIGIN_URL is in eu-central-1: AWS would answer each call with 403",
    ],
    [{ region: "" }, "problem ORIGIN_REGION: is not set; it must be an AWS region"],
    [{ region: "Frankfurt" }, 'problem ORIGIN_REGION: is "Frankfurt"; it must be an AWS region'],
  ])("%j: %s", (given, expected) => {
    expect(found(given)).toBe(expected);
  });
});

describe("the policy", () => {
  it("is parsed as by the gateway, and each of its problems is reported", () => {
    const { findings, policy } = checkPolicy({ text: '{"edge": {"share": 101}, "oops": 1}', source: "policy.json" });
    expect(policy).toBeNull();
    expect(problems(findings)).toHaveLength(2);
    expect(problems(checkPolicy({ text: "{", source: "policy.json" }).findings)).toHaveLength(1);
    expect(problems(checkPolicy({ text: null, source: "the stored policy" }).findings)).toEqual([]);
    expect(warnings(checkPolicy(null).findings)).toEqual(["policy: was not checked"]);
    // A dry run does not need a policy; an upload does.
    expect(checkPolicy(null, true).findings).toMatchObject([{ state: "problem", message: "was not checked" }]);
  });

  it("is refused if an origin's calls are signed for another region", () => {
    const origins = { eu: { url: "https://abc.lambda-url.eu-central-1.on.aws/", region: "us-east-1" } };
    expect(problems(checkPolicy({ text: JSON.stringify({ origins }), source: "policy.json" }).findings)).toEqual([
      'policy: policy.json: origins.eu.region: "us-east-1" is not allowed; the URL is a function in eu-central-1, and calls must be signed for it',
    ]);
  });
});
