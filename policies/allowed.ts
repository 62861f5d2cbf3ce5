/** Pure. What a schema allows, in words: for messages, and for the reference page. */
import type { z } from "zod";
import { unwrap } from "./inside.ts";

/** "a whole number from 1 to 512", "\"edge\", \"origin\" or null". */
export function allowed(schema: z.core.$ZodType): string {
  const words = unwrap(schema).flatMap(allowedByOne);
  if (acceptsNull(schema)) words.push("null");
  return either([...new Set(words)]);
}

function allowedByOne(bare: z.core.$ZodTypes): string[] {
  const { def } = bare._zod;
  switch (def.type) {
    case "number":
      return [numbers(bare)];
    case "string":
      return [text(bare)];
    case "boolean":
      return ["true", "false"];
    case "enum":
      return Object.values(def.entries).map((value) => JSON.stringify(value));
    case "literal":
      return def.values.map((value) => JSON.stringify(value) ?? String(value));
    case "array":
      return [`a list of: ${allowed(def.element)}`];
    case "object":
    case "record":
      return ["an object"];
    default:
      return [def.type];
  }
}

type Check = z.core.$ZodChecks["_zod"]["def"] | z.core.$ZodCustomDef;

function numbers(schema: z.core.$ZodType): string {
  const checks = checksOf(schema);
  const isWhole = checks.some((check) => check.check === "number_format" && check.format !== "float64");
  const least = bound(checks, "greater_than", true, Math.max);
  const above = bound(checks, "greater_than", false, Math.max);
  const most = bound(checks, "less_than", true, Math.min);
  const kind = isWhole ? "a whole number" : "a number";
  const range = [
    above === null ? "" : ` above ${above}`,
    least !== null && most !== null ? ` from ${least} to ${most}` : "",
    least !== null && most === null ? ` of at least ${least}` : "",
    least === null && most !== null ? ` of at most ${most}` : "",
  ];
  const further = checks.flatMap((check) => (check.check === "custom" ? [ownWords(check)] : []));
  return [`${kind}${range.join("")}`, ...further.filter((words) => words !== null)].join(", ");
}

function bound(
  checks: readonly Check[],
  kind: "greater_than" | "less_than",
  inclusive: boolean,
  strictest: (...values: number[]) => number,
): number | null {
  const values = checks.flatMap((check) =>
    check.check === kind && check.inclusive === inclusive ? [Number(check.value)] : [],
  );
  return values.length === 0 ? null : strictest(...values);
}

function text(schema: z.core.$ZodType): string {
  const checks = checksOf(schema);
  // The schema's own words for a pattern say more than the pattern.
  const words = checks.map(ownWords).find((message) => message !== null);
  if (words) return words.replace(/^(must be|is) /, "");
  for (const check of checks) {
    if (check.check !== "string_format") continue;
    if (check.format === "url") return "a URL";
    if (check.pattern) return `text that matches ${check.pattern.source}`;
  }
  return "text";
}

function ownWords(check: Check): string | null {
  // Typed by what each kind of check reports; words that were given with the schema depend on none of it.
  const error = check.error as z.core.$ZodErrorMap | undefined;
  const message = error?.({ code: "custom", input: undefined });
  if (typeof message === "string") return message;
  return message?.message ?? null;
}

/** A schema such as z.int() or z.url() is a check itself, and holds further ones. */
function checksOf(schema: z.core.$ZodType): Check[] {
  const own = schema._zod.def;
  const further = (own.checks ?? []).map((check) => check._zod.def);
  // Zod's own union of all its checks, as in inside.ts.
  return ("check" in own ? [own, ...further] : further) as Check[];
}

function acceptsNull(schema: z.core.$ZodType): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "nullable") return true;
  return "innerType" in def && acceptsNull(def.innerType);
}

function either(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
