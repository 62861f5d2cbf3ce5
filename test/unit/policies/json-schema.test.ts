/** The committed JSON Schema in an independent validator: an editor and the gateway agree. */
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";
import { SCHEMA_FILE } from "../../../policies/versions/document.ts";
import { ONLY_THE_PARSER_SEES, VALID, WRONG } from "./documents.ts";

const schema = JSON.parse(await readFile(SCHEMA_FILE, "utf8"));
// Strict: a keyword that the validator does not know would check nothing.
const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  formats: { uri: (text: string) => URL.canParse(text) },
});
const validates = ajv.compile(schema);
const parses = (value: unknown) => parsePolicy(JSON.stringify(value)).ok;

it.each(VALID)("parser and JSON Schema both accept %s", (_, value) => {
  expect({ parser: parses(value), schema: validates(value) }).toEqual({ parser: true, schema: true });
});

it("both accept the defaults as a document", () => {
  const value = JSON.parse(JSON.stringify(defaultPolicy()));
  expect({ parser: parses(value), schema: validates(value) }).toEqual({ parser: true, schema: true });
});

it.each(WRONG)("parser and JSON Schema both reject %s", (_, value) => {
  expect({ parser: parses(value), schema: validates(value) }).toEqual({ parser: false, schema: false });
});

it.each(ONLY_THE_PARSER_SEES)("only the parser rejects %s", (_, value) => {
  expect({ parser: parses(value), schema: validates(value) }).toEqual({ parser: false, schema: true });
});
