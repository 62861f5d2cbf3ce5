/** Pure. The issues that zod found, as sentences with the path, the value seen and what is allowed. */
import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { knownKeys, knownPaths, schemasAt, unwrap } from "./schema-paths.ts";
import { shownPlace, shownValue } from "./shown.ts";

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

export interface DescribedIssues {
  /** One for each path. */
  sentences: string[];
  /** Paths with issues that are not described. */
  more: number;
}

/**
 * Describes zod's issues. A document may have thousands, and each unknown key is compared with the known ones, so the rest is only counted.
 * @param value the parsed value; it was parsed with `schemaWordsOnly` as the error map
 * @param max paths that are described
 */
export function describeIssues(
  schema: z.core.$ZodType,
  issues: readonly Issue[],
  value: unknown,
  max = Number.POSITIVE_INFINITY,
): DescribedIssues {
  const phrasesByHead = new Map<string, string[]>();
  let more = 0;
  for (const issue of issues.flatMap((issue) => innermost(issue))) {
    if (issue.code === "unrecognized_keys") {
      const described = issue.keys.slice(0, max - phrasesByHead.size);
      for (const key of described) phrasesByHead.set(describeUnknownKey(schema, issue.path, key), []);
      more += issue.keys.length - described.length;
      continue;
    }
    const head = describeSeen(issue, value);
    const phrases = phrasesByHead.get(head);
    if (phrases === undefined && phrasesByHead.size >= max) {
      more += 1;
      continue;
    }
    const phrase = issue.message || allowedAt(schema, issue.path);
    if (!phrases?.some((earlier) => earlier.includes(phrase))) phrasesByHead.set(head, [...(phrases ?? []), phrase]);
  }
  return { sentences: [...phrasesByHead].map(([head, phrases]) => `${head}${phrases.join(", ")}`), more };
}

/** An error map for zod without text. Only the messages of the schema remain. */
export const schemaWordsOnly = () => "";

/** @returns for example "edge.shar: unknown key; did you mean share?" */
export function describeUnknownKey(schema: z.core.$ZodType, path: Path, key: string): string {
  const head = `${shownPlace([...path, key])}: unknown key`;
  const siblings = knownKeys(schema, path);
  const near = nearest(key, siblings);
  if (near !== null) return `${head}; did you mean ${near}?`;
  const elsewhere = pathsOf(schema).find((known) => known.at(-1)?.toLowerCase() === key.toLowerCase());
  if (elsewhere !== undefined) return `${head}; did you mean ${shownPlace(elsewhere)}?`;
  return siblings.length === 0 ? head : `${head}; known keys: ${siblings.join(", ")}`;
}

function allowedAt(schema: z.core.$ZodType, path: Path): string {
  const [at] = schemasAt(schema, path);
  return at === undefined ? "the path is unknown" : `must be ${allowed(at)}`;
}

/** Computed once per schema: a document may have thousands of unknown keys. */
const pathsBySchema = new WeakMap<z.core.$ZodType, string[][]>();

function pathsOf(schema: z.core.$ZodType): string[][] {
  const paths = pathsBySchema.get(schema) ?? knownPaths(schema);
  pathsBySchema.set(schema, paths);
  return paths;
}

function describeSeen({ code, path }: Issue, value: unknown): string {
  const place = shownPlace(path);
  const seen = valueAt(value, path);
  if (code === "invalid_key") return `${place}: invalid name; `;
  if (seen === undefined) return `${place}: missing; `;
  if (code === "custom" && typeof seen === "object" && seen !== null) return `${place}: `;
  return `${place}: ${shownValue(seen)} is not allowed; `;
}

/** For a union: the issues of the one option that has the value's type; the issue of the union when there is no such option. */
function innermost(issue: Issue, parents: Path = []): Issue[] {
  const path = [...parents, ...issue.path];
  if (issue.code === "invalid_key") {
    const message = issue.issues.map((inner) => inner.message).join(", ");
    return [{ ...issue, path, message }];
  }
  if (issue.code !== "invalid_union") return [{ ...issue, path }];
  const right = issue.errors.filter((option) => !option.some(isWrongType));
  const [only] = right;
  if (only === undefined || right.length > 1) return [{ ...issue, path }];
  return only.flatMap((inner) => innermost(inner, path));
}

const isWrongType = ({ code, path }: Issue) =>
  path.length === 0 && (code === "invalid_type" || code === "invalid_value");

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

/** @returns what a schema allows, for messages and the reference page: `a whole number from 1 to 512`, `"edge", "origin" or null` */
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
  // The schema's message for a pattern is clearer than the pattern.
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
  // Its type depends on the kind of check; a message that the schema gives does not.
  const error = check.error as z.core.$ZodErrorMap | undefined;
  const message = error?.({ code: "custom", input: undefined });
  if (typeof message === "string") return message;
  return message?.message ?? null;
}

/** A schema such as z.int() or z.url() is a check itself and has further checks. */
function checksOf(schema: z.core.$ZodType): Check[] {
  const own = schema._zod.def;
  const further = (own.checks ?? []).map((check) => check._zod.def);
  // Zod's union of all its checks, as in schema-paths.ts.
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
