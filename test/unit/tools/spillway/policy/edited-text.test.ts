import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { storedText } from "../../../../../tools/spillway/policy/document.ts";
import { documentMeant, textToEdit } from "../../../../../tools/spillway/policy/edited-text.ts";
import { policyJsonSchemaText } from "../../../../../tools/spillway/policy/json-schema.ts";

const stored = storedText({ edge: { share: 25 } }, 7);

it.each([
  ["nothing is stored", null],
  ["a relative $schema is stored", stored],
  ["no $schema is stored", '{"edge": {"share": 25}}'],
])("an editor finds the schema wherever the file lies, when %s", async (_, text) => {
  const { $schema } = JSON.parse(textToEdit(text));
  expect($schema).toMatch(/^file:\/\/\//);
  expect(await readFile(fileURLToPath($schema), "utf8")).toBe(policyJsonSchemaText());
});

it.each([
  ["the relative one that spillway writes", JSON.parse(stored)],
  ["one of the user's own", { $schema: "./my.schema.json", version: 7 }],
  ["none", { version: 7, edge: { share: 25 } }],
])("what is stored keeps its $schema, which was %s", (_, document) => {
  const edited = JSON.parse(textToEdit(JSON.stringify(document)));
  expect(documentMeant(edited, document)).toEqual(document);
  expect(Object.keys(documentMeant(edited, document))).toEqual(Object.keys(document));
});

it("a $schema that was written in the editor is stored", () => {
  const edited = { ...JSON.parse(textToEdit(stored)), $schema: "./another.json" };
  expect(documentMeant(edited, JSON.parse(stored))).toMatchObject({ $schema: "./another.json" });
});

it.each(["{", "[]", "5"])("what is no JSON object (%s) is shown as it is", (text) => {
  expect(textToEdit(text)).toBe(text);
});
