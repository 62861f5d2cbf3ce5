/** docs/reference/openapi.yaml is a valid OpenAPI 3.1 document that names every refusal, and the validator of answers finds differences. */
import { readFileSync } from "node:fs";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";
import { REFUSAL_CODES, REFUSAL_REASONS, statusOf } from "../../gateway/refusal.ts";
import { openApiDocument } from "../../tools/docs/openapi/document.ts";
import { type ApiAnswer, contractProblems } from "../support/openapi.ts";

const FILE = "docs/reference/openapi.yaml";
const text = readFileSync(new URL(`../../${FILE}`, import.meta.url), "utf8");

async function lint(source: string): Promise<string[]> {
  const config = await createConfig({
    extends: ["recommended-strict"],
    // `not-found` is the answer of every path that is not in the document.
    rules: { "no-unused-components": "off" },
  });
  const problems = await lintFromString({ source, absoluteRef: FILE, config });
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

describe("the OpenAPI linter", () => {
  it("finds nothing in the document", async () => {
    expect(await lint(text)).toEqual([]);
  });

  it("finds what is wrong", async () => {
    expect(await lint(text.replace("score: 0.98", "score: high"))).toEqual([
      expect.stringContaining("no-invalid-media-type-examples"),
    ]);
  });
});

it("every refusal code has a response under its status, with its reasons", () => {
  const { paths, components } = openApiDocument();
  const named = JSON.stringify(paths);
  for (const code of REFUSAL_CODES) {
    if (code !== "not-found") expect(named).toContain(`"${statusOf(code)}":{"$ref":"#/components/responses/${code}"}`);
    for (const reason of REFUSAL_REASONS[code])
      expect(components.responses[code]?.description).toContain(`\`${reason}\``);
  }
});

describe("an answer that differs from the contract is noticed:", () => {
  const secured = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-request-id": "7f6f3e0a-0f1c-4a6e-9c1b-6d2a4f0f8a11",
  };
  const answered = {
    ...secured,
    "x-spillway-route": "edge",
    "x-spillway-because": "within-share, hedge",
    "x-spillway-policy": "7",
    "x-spillway-model": "mail-tagger@59c8dd205269",
    "server-timing": "queue;dur=0, edge;dur=9, origin;dur=0, text;dur=10, total;dur=11",
  };
  const rows = [[{ label: "spam", score: 0.98 }]];
  const good: ApiAnswer = { status: 200, headers: new Headers(answered), body: rows };
  const problems = (bent: Partial<ApiAnswer>) => contractProblems("POST", "/v1/classify", { ...good, ...bent });

  it("none in a good one", () => {
    expect(problems({})).toEqual([]);
  });

  it.each<[string, Partial<ApiAnswer>, string]>([
    ["a status", { status: 418 }, "has no response 418"],
    ["a body", { body: [[{ label: "spam" }]] }, "body: /0/0 must have required property 'score'"],
    ["another key", { body: [[{ label: "spam", score: 1, text: "…" }]] }, "must NOT have additional properties"],
    ["a missing header", { headers: new Headers(secured) }, "header x-spillway-route is missing"],
    ["a wrong header", { headers: new Headers({ ...answered, "x-spillway-policy": "new" }) }, "x-spillway-policy: new"],
    [
      "an unknown reason",
      { headers: new Headers({ ...answered, "x-spillway-because": "luck" }) },
      "must match pattern",
    ],
    ["an unknown header", { headers: new Headers({ ...answered, "x-powered-by": "x" }) }, "x-powered-by is not in"],
    [
      "a refusal without Retry-After",
      { status: 503, headers: new Headers(secured), body: { error: "…", error_type: "unavailable", request_id: "…" } },
      "header retry-after is missing",
    ],
    [
      "another code than the status's",
      { status: 400, headers: new Headers(secured), body: { error: "…", error_type: "timeout", request_id: "…" } },
      "body: /error_type must be equal to constant",
    ],
  ])("%s", (_, bent, expected) => {
    expect(problems(bent).join("\n")).toContain(expected);
  });
});
