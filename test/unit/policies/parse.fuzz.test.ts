/** A fuzzer of the policy document: changed documents are refused with a reason, or both the parser and the JSON Schema accept them. */
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseJson } from "../../../formats/json.ts";
import { MAX_POLICY_BYTES, parsePolicy } from "../../../policies/parse.ts";
import { SCHEMA_FILE } from "../../../policies/versions/document.ts";
import { changedJson } from "../../support/changed-json.ts";
import { fuzzRuns } from "../../support/fuzz.ts";
import { VALID } from "./documents.ts";

const schema = JSON.parse(await readFile(SCHEMA_FILE, "utf8"));
const validates = new Ajv2020({
  allowUnionTypes: true,
  formats: { uri: (text: string) => URL.canParse(text) },
}).compile(schema);

/** Ten problems, and the number of the others. */
const MAX_PROBLEMS = 11;
const MAX_LINE_CHARACTERS = 10_000;
const documents = VALID.map(([, document]) => document);

it("a changed policy is refused in few sentences, or the schema accepts it too and it parses to itself", () => {
  const seen = { accepted: 0, refused: 0 };
  const property = fc.property(
    changedJson(documents, (document) => document),
    ({ text, isUnchanged }) => {
      const parsed = parsePolicy(text);
      seen[parsed.ok ? "accepted" : "refused"] += 1;
      if (!parsed.ok) {
        expect(isUnchanged).toBe(false);
        expect(parsed.problems.length).toBeGreaterThan(0);
        expect(parsed.problems.length).toBeLessThanOrEqual(MAX_PROBLEMS);
        expect(parsed.problem.length).toBeLessThan(MAX_LINE_CHARACTERS);
        return;
      }
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_POLICY_BYTES);
      const value = parseJson(text);
      if (!validates(value)) throw new Error(`The parser accepts what the schema refuses: ${text}`);
      // As text, which has no negative zero.
      expect(JSON.stringify(parsePolicy(JSON.stringify(parsed.policy)))).toBe(JSON.stringify(parsed));
    },
  );
  fc.assert(property, fuzzRuns(800));
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(30);
});

it("no text of 64 KiB makes the parser throw", () => {
  const piece = fc.constantFrom(
    "[",
    "{",
    '{"a":',
    '"\\u',
    "1e",
    "[1,",
    "\\",
    '"',
    "]",
    "}",
    ",",
    ":",
    "\ud800",
    "é",
    "0",
  );
  const text = fc.array(fc.tuple(piece, fc.nat(20_000)), { minLength: 1, maxLength: 4 });
  const property = fc.property(text, (pieces) => {
    const whole = pieces.map(([one, times]) => one.repeat(times)).join("");
    expect(parsePolicy(whole.slice(0, MAX_POLICY_BYTES)).ok).toBe(false);
  });
  fc.assert(property, fuzzRuns(60));
});
