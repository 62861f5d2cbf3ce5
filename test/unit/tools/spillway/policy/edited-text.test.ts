import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { documentOf, storedText } from "../../../../../policies/versions/document.ts";
import { documentToSave, textToEdit } from "../../../../../tools/spillway/policy/edited-text.ts";
import { policyJsonSchemaText } from "../../../../../tools/spillway/policy/json-schema.ts";

const stored = storedText({ edge: { share: 25 } }, 7);

it.each([
  ["nothing is stored", null],
  ["a relative $schema is stored", stored],
  ["no $schema is stored", '{"edge": {"share": 25}}'],
])("an editor finds the schema from any folder when %s", async (_, text) => {
  const { $schema } = JSON.parse(textToEdit(text));
  expect($schema).toMatch(/^file:\/\/\//);
  expect(await readFile(fileURLToPath($schema), "utf8")).toBe(policyJsonSchemaText());
});

it.each([
  ["the relative path that spillway writes", JSON.parse(stored)],
  ["one that the user wrote", { $schema: "./my.schema.json", version: 7 }],
  ["none", { version: 7, edge: { share: 25 } }],
])("the saved document keeps its $schema: %s", (_, document) => {
  const edited = JSON.parse(textToEdit(JSON.stringify(document)));
  expect(documentToSave(edited, document)).toEqual(document);
  expect(Object.keys(documentToSave(edited, document))).toEqual(Object.keys(document));
});

it("a $schema that the user writes in the editor is saved", () => {
  const edited = { ...JSON.parse(textToEdit(stored)), $schema: "./another.json" };
  expect(documentToSave(edited, JSON.parse(stored))).toMatchObject({ $schema: "./another.json" });
});

it.each([
  ['{"edge": {"share": 10, "share": 100}}', "the key is given twice, at line 1, column 11 and at line 1, column 24"],
  ["[7]", "The policy is not a JSON object, so it has no keys. Print it whole with spillway policy get."],
])("of the text %s no single key is read", (text, problem) => {
  expect(() => documentOf(text)).toThrow(problem);
});
