/** Secrets in wrangler.toml are found under any name and never shown, because findings end in the logs of CI. All values are made up. */
import { describe, expect, it } from "vitest";
import { keyText, SECRET_BYTES } from "../../../../formats/api-key.ts";
import { checkAccess } from "../../../../tools/deploy/check-access.ts";
import { REQUIRED_SECRETS } from "../../../../tools/deploy/check-bindings.ts";
import { checkOrigin } from "../../../../tools/deploy/check-origin.ts";
import { checkSecrets, checkVariables } from "../../../../tools/deploy/check-variables.ts";
import type { Finding } from "../../../../tools/deploy/finding.ts";
import type { Target } from "../../../../tools/deploy/target.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";

const MODEL = `tiny@${"0123456789abcdef".repeat(4)}`;

function findings(vars: Record<string, unknown>): Finding[] {
  const target: Target = {
    environment: "staging",
    config: {
      kv_namespaces: [],
      r2_buckets: [],
      ratelimits: [],
      durable_objects: { bindings: [] },
      vars: { MODEL, ...vars },
      secrets: { required: [...REQUIRED_SECRETS] },
    },
  };
  return [
    ...checkSecrets(target),
    ...checkVariables(target),
    ...checkAccess(target, { allowAnonymous: false }),
    ...("ORIGIN_URL" in vars
      ? [
          checkOrigin({
            url: vars["ORIGIN_URL"],
            region: "us-east-1",
            urlName: "ORIGIN_URL",
            regionName: "ORIGIN_REGION",
          }),
        ]
      : []),
  ];
}
const problems = (all: readonly Finding[]) => all.filter(({ state }) => state === "problem");

/** A repeated alphabet, so that secret scanners do not report this file. */
const letters = (count: number) => "aB3dE6gH".repeat(count).slice(0, count);
const apiKey = keyText("abcdefgh2345", Buffer.alloc(SECRET_BYTES, 0xa7).toString("base64url"));

const SECRETS: [what: string, value: string][] = [
  ["an AWS secret access key (by its length)", `${letters(20)}/${letters(18)}+`],
  ["an AWS secret access key (by its length)", `key is ${letters(40)}, as AWS shows it`],
  ["an AWS access key ID", "AKIAIOSFODNN7EXAMPLE"],
  ["a Spillway API key", apiKey],
  ["a private key", generateKeyPair().privateKey],
  ["a private key", "-----BEGIN PGP PRIVATE KEY BLOCK-----"],
  ["a bearer token", `authorization=Bearer ${letters(20)}`],
  ["basic credentials", `Basic ${letters(20)}==`],
  ["a JSON web token", `eyJ${letters(20)}.eyJ${letters(20)}.${letters(20)}`],
  ["a random token (64 hex digits)", "0123456789abcdef".repeat(4)],
  ["a token (by its length)", `${letters(20)}-${letters(18)}_`],
  ...["ghp_", "github_pat_", "glpat-", "npm_", "hf_", "sk_live_", "sk-ant-", "xoxb-", "AIza", "glc_"].map(
    (start): [string, string] => ["an access token", `${start}${letters(36)}`],
  ),
];

describe("a secret among the variables", () => {
  it.each(SECRETS)("is refused under any name, as %s, and not shown", (what, value) => {
    const all = findings({ NOTE: value });
    expect(problems(all).map(({ message }) => message)).toEqual([`the variable NOTE contains ${what}`]);
    expect(JSON.stringify(all)).not.toContain(JSON.stringify(value).slice(1, -1));
  });

  it.each(SECRETS)("is refused inside a table too, as %s", (what, value) => {
    const isWhole = /by its length|64 hex digits/.test(what);
    if (!isWhole) expect(problems(findings({ NOTE: { deep: [value] } }))).toHaveLength(1);
  });

  it.each(["OTEL_EXPORTER_OTLP_ENDPOINT", "CORS_ORIGINS", "ANONYMOUS_ACCESS", "ANONYMOUS_RATE", "MODEL", "ORIGIN_URL"])(
    "is not shown if it is the value of %s",
    (name) => {
      for (const [, value] of SECRETS) {
        const all = findings({ [name]: value });
        expect(problems(all)).not.toEqual([]);
        expect(JSON.stringify(all)).not.toContain(JSON.stringify(value).slice(1, -1));
      }
    },
  );
});

describe("an address that contains credentials", () => {
  const addresses = [
    "https://user:s3cret@backend.spillway.dev",
    "http://user:s3cret@backend.spillway.dev",
    "https://user:s3cret@backend.example.com",
    "https://s3cret@backend.spillway.dev",
    "https://user:s3cret@",
    "https://user:a/s3cret@backend.spillway.dev",
    "user:s3cret@backend.spillway.dev",
    "https://user:s3cret@<url-id>.lambda-url.us-east-1.on.aws/",
  ];
  it.each(
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "ORIGIN_URL", "CORS_ORIGINS"].flatMap((name) =>
      addresses.map((value) => [name, value]),
    ),
  )("%s = %s is refused, once, and not shown", (name = "", value) => {
    const all = findings({ [name]: value });
    expect(problems(all).map(({ check }) => check)).toEqual([name]);
    expect(problems(all)[0]?.message).toContain("contains credentials");
    expect(all.map(({ message }) => message)).not.toContain("no variable contains one");
    expect(JSON.stringify(all)).not.toContain("s3cret");
  });

  it("is refused under any other name too", () => {
    const all = findings({ PROXY: addresses[0] });
    expect(problems(all)).toMatchObject([{ message: "the variable PROXY is a URL that contains credentials" }]);
    expect(JSON.stringify(all)).not.toContain("s3cret");
  });

  it.each(["OTEL_EXPORTER_OTLP_ENDPOINT", "ORIGIN_URL"])(
    "a query of %s, often a token, is neither accepted nor shown",
    (name) => {
      const all = findings({ [name]: "https://backend.spillway.dev/?api=s3cret" });
      expect(problems(all).map(({ check }) => check)).toEqual([name]);
      expect(JSON.stringify(all)).not.toContain("s3cret");
    },
  );
});

it.each([
  ["a commit", "0123456789abcdef0123456789abcdef01234567"],
  ["a commit and its author", "0123456789abcdef0123456789abcdef01234567 by Ann"],
  ["names of authorization schemes", "basic authorization or bearer authorization"],
  ["a public key", generateKeyPair("p384").publicKey],
  ["a package", MODEL],
  ["an address of the team", "mailto:team@spillway.dev"],
  ["a long path", "https://otlp.spillway.dev/a/long/path/of/a/collector/behind/a/gateway/v2"],
  ["words", "This is a Note of 40 letters, more or less."],
  ["a number", 40],
])("%s is not a secret", (_, value) => {
  expect(problems(findings({ NOTE: value }))).toEqual([]);
});
