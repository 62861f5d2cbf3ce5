/** Pure. docs/reference/policy.md: one section for each object of the policy, from the schema that parses it. */
import type { z } from "zod";
import { allowed } from "../../policies/messages/describe-issues.ts";
import { schemasAt } from "../../policies/messages/schema-paths.ts";
import { policySchema } from "../../policies/schema.ts";
import { policyJsonSchema } from "../spillway/policy/json-schema.ts";
import { escaped, generatedFrom, item, MAX_COLUMNS, markdownTable, wrapped } from "./markdown.ts";

type Node = z.core.JSONSchema.BaseSchema;

interface Row {
  key: string;
  type: string;
  default: string;
  allowed: string;
  meaning: string;
}

interface Section {
  title: string;
  meaning: string;
  rows: Row[];
}

const INTRODUCTION = `The policy is one JSON document: the key \`policy\` in the KV namespace \`POLICIES\`. Every key is optional. With an empty
namespace the defaults below are in force. [Change the policy](../guide/change-the-policy.md) has the commands.
Editors read the JSON Schema [policy.schema.json](../../policies/policy.schema.json).`;

/** @returns the page */
export function policyReference(): string {
  const sections = sectionsOf(policyJsonSchema(), [], "").map(({ title, meaning, rows }) =>
    [`## ${title}`, ...(meaning === "" ? [] : [wrapped(escaped(meaning))]), table(rows), meanings(rows)].join("\n\n"),
  );
  return `${["# Policy reference", generatedFrom("policies/schema.ts"), INTRODUCTION, ...sections].join("\n\n")}\n`;
}

/** The column of allowed values is left out, and each value goes into the list below, where it would be too wide. */
function table(rows: readonly Row[]): string {
  const full = markdownTable(
    ["key", "type", "default", "allowed"],
    rows.map((row) => [`\`${row.key}\``, row.type, row.default, row.allowed]),
  );
  if (isNarrow(full) && rows.some(({ allowed }) => allowed !== "")) return full;
  return markdownTable(
    ["key", "type", "default"],
    rows.map((row) => [`\`${row.key}\``, row.type, row.default]),
  );
}

function meanings(rows: readonly Row[]): string {
  const isInTable = table(rows).split("\n", 1)[0]?.includes("allowed");
  return rows
    .map((row) =>
      item(`\`${row.key}\``, isInTable || row.allowed === "" ? row.meaning : `${row.meaning} Allowed: ${row.allowed}.`),
    )
    .join("\n");
}

function isNarrow(text: string): boolean {
  return text.split("\n").every((line) => line.length <= MAX_COLUMNS);
}

/** `path` is where the schema has it, `place` how people write it. */
function sectionsOf(node: Node, path: readonly string[], place: string): Section[] {
  const properties = Object.entries(node.properties ?? {}).flatMap(([key, inner]) =>
    typeof inner === "object"
      ? [{ key, inner, path: [...path, key], place: place === "" ? key : `${place}.${key}` }]
      : [],
  );
  const own: Section = {
    title: place === "" ? "The document" : `\`${place}\``,
    meaning: place === "" ? "" : (node.description ?? ""),
    rows: properties.map(({ key, inner, path }) => ({
      key,
      type: typeOf(inner),
      default:
        inner.default === undefined || inner.properties !== undefined ? "" : `\`${JSON.stringify(inner.default)}\``,
      allowed: innerSections(inner, path, "").length > 0 ? "" : schemasAt(policySchema, path).map(allowed).join(" or "),
      meaning: inner.description ?? "",
    })),
  };
  return [own, ...properties.flatMap(({ inner, path, place }) => innerSections(inner, path, place))];
}

function innerSections(node: Node, path: readonly string[], place: string): Section[] {
  if (node.properties !== undefined) return sectionsOf(node, path, place);
  const { items, additionalProperties, anyOf = [] } = node;
  // An object that may be null.
  const object = anyOf.find((one) => typeof one === "object" && one.properties !== undefined);
  if (typeof object === "object") {
    return sectionsOf({ ...object, ...(node.description && { description: node.description }) }, path, place);
  }
  if (typeof items === "object" && !Array.isArray(items)) return innerSections(items, [...path, "0"], `${place}[0]`);
  if (typeof additionalProperties === "object") {
    return innerSections(additionalProperties, [...path, "name"], `${place}.<name>`);
  }
  return [];
}

function typeOf(node: Node): string {
  if (node.anyOf !== undefined)
    return [...new Set(node.anyOf.map((one) => (typeof one === "object" ? typeOf(one) : "any")))].join(" or ");
  return [node.type ?? "any"].flat().join(" or ");
}
