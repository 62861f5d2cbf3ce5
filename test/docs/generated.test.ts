import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { policyJsonSchemaText, SCHEMA_FILE } from "../../tools/spillway/policy/json-schema.ts";
import { REFERENCE_FILE, withReference } from "../../tools/spillway/policy/reference.ts";

const STALE = "is not what policies/schema.ts gives; run npm run policy:generate and commit what it wrote";

describe("a file that is generated from the policy's schema is committed as it is generated", () => {
  it("the JSON Schema for editors", async () => {
    expect(await readFile(SCHEMA_FILE, "utf8"), `${SCHEMA_FILE} ${STALE}`).toBe(policyJsonSchemaText());
  });

  it("the reference's tables", async () => {
    const page = await readFile(REFERENCE_FILE, "utf8");
    expect(page, `${REFERENCE_FILE} ${STALE}`).toBe(withReference(page));
  });
});

it("a reference that lost its markers is an error that says which", () => {
  expect(() => withReference("# The policy")).toThrow(/has lost its markers; put "<!-- generated/);
});
