/** The tables of docs/reference/policy.md: one for each object of the policy, from the schema that parses it. */
import type { z } from "zod";
import { allowed } from "../../../policies/messages/describe-issues.ts";
import { schemasAt } from "../../../policies/messages/schema-paths.ts";
import { policySchema } from "../../../policies/schema.ts";
import { policyJsonSchema } from "./json-schema.ts";

export const REFERENCE_FILE = "docs/reference/policy.md";
export const REFERENCE_BEGIN = "<!-- generated from policies/schema.ts: begin -->";
export const REFERENCE_END = "<!-- generated from policies/schema.ts: end -->";

type Node = z.core.JSONSchema.BaseSchema;

interface Section {
  title: string;
  meaning: string;
  rows: string[][];
}

/** The page with fresh tables between its markers. @throws Error when it has no markers */
export function withReference(page: string): string {
  const [before, rest] = page.split(REFERENCE_BEGIN);
  const after = rest?.split(REFERENCE_END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`${REFERENCE_FILE} has lost its markers; put "${REFERENCE_BEGIN}" and "${REFERENCE_END}" back.`);
  }
  return `${before}${REFERENCE_BEGIN}\n\n${policyReference()}\n\n${REFERENCE_END}${after}`;
}

export function policyReference(): string {
  return sectionsOf(policyJsonSchema(), [], "")
    .map(({ title, meaning, rows }) => {
      const table = markdownTable(["key", "type", "default", "allowed", "meaning"], rows);
      return [`### ${title}`, ...(meaning === "" ? [] : [meaning]), table].join("\n\n");
    })
    .join("\n\n");
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
    rows: properties.map(({ key, inner, path }) => [
      `\`${key}\``,
      typeOf(inner),
      inner.default === undefined || inner.properties !== undefined ? "" : `\`${JSON.stringify(inner.default)}\``,
      innerSections(inner, path, "").length > 0 ? "see below" : schemasAt(policySchema, path).map(allowed).join(" or "),
      inner.description ?? "",
    ]),
  };
  return [own, ...properties.flatMap(({ inner, path, place }) => innerSections(inner, path, place))];
}

function innerSections(node: Node, path: readonly string[], place: string): Section[] {
  if (node.properties !== undefined) return sectionsOf(node, path, place);
  const { items, additionalProperties } = node;
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

/** Pure. A Markdown table whose columns line up in the source too. */

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(escaped));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [headLine = [], ...rowLines] = cells;
  return [line(headLine), line(widths.map((width) => "-".repeat(width))), ...rowLines.map(line)].join("\n");
}

/** Outside of code, `<name>` would be taken for a tag. */
function escaped(cell: string): string {
  const parts = cell
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ")
    .split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "\\<"))).join("");
}
