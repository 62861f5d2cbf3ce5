/** Pure. What zod found wrong, in words that tell the place, what was seen and what is allowed there. */
import type { z } from "zod";
import { allowed } from "./allowed.ts";
import { knownKeys, knownPaths, schemasAt } from "./inside.ts";
import { nearest } from "./nearest.ts";
import { shownPlace, shownValue } from "./shown.ts";

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** One sentence for each place that is wrong. `value` is what was parsed, with `onlyOwnWords` as the error map. */
export function describeIssues(schema: z.core.$ZodType, issues: readonly Issue[], value: unknown): string[] {
  const phrasesByHead = new Map<string, string[]>();
  for (const issue of issues.flatMap((issue) => innermost(issue))) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) phrasesByHead.set(describeUnknownKey(schema, issue.path, key), []);
      continue;
    }
    const head = describeSeen(issue, value);
    const phrase = issue.message || allowedAt(schema, issue.path);
    const phrases = phrasesByHead.get(head) ?? [];
    if (!phrases.some((said) => said.includes(phrase))) phrases.push(phrase);
    phrasesByHead.set(head, phrases);
  }
  return [...phrasesByHead].map(([head, phrases]) => `${head}${phrases.join(", ")}`);
}

/** Zod's error map: no words. What stands in a message then is what the schema itself says. */
export const onlyOwnWords = () => "";

/** "edge.shar: unknown key; did you mean share?" */
export function describeUnknownKey(schema: z.core.$ZodType, path: Path, key: string): string {
  const head = `${shownPlace([...path, key])}: unknown key`;
  const here = knownKeys(schema, path);
  const near = nearest(key, here);
  if (near !== null) return `${head}; did you mean ${near}?`;
  const elsewhere = pathsOf(schema).find((known) => known.at(-1)?.toLowerCase() === key.toLowerCase());
  if (elsewhere !== undefined) return `${head}; did you mean ${shownPlace(elsewhere)}?`;
  return here.length === 0 ? head : `${head}; known here: ${here.join(", ")}`;
}

function allowedAt(schema: z.core.$ZodType, path: Path): string {
  const [at] = schemasAt(schema, path);
  return at === undefined ? "nothing is known there" : `must be ${allowed(at)}`;
}

/** Walked once: a document may have thousands of unknown keys. */
const pathsBySchema = new WeakMap<z.core.$ZodType, string[][]>();

function pathsOf(schema: z.core.$ZodType): string[][] {
  const paths = pathsBySchema.get(schema) ?? knownPaths(schema);
  pathsBySchema.set(schema, paths);
  return paths;
}

function describeSeen({ code, path }: Issue, value: unknown): string {
  const place = shownPlace(path);
  const seen = valueAt(value, path);
  if (code === "invalid_key") return `${place}: not a usable name; `;
  if (seen === undefined) return `${place}: missing; `;
  if (code === "custom" && typeof seen === "object" && seen !== null) return `${place}: `;
  return `${place}: ${shownValue(seen)} is not allowed; `;
}

/** Of a union, the problems inside the one option that has the value's type; the union's own where that is not clear. */
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
