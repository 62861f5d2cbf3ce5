/** Pure. The result of one check: one line for the operator, and the next step if there is one. */
import { secretIn } from "./secret-shape.ts";

export interface Finding {
  /** The setting or step that was checked, in a few words. */
  check: string;
  /** A problem stops the upload; a warning does not. */
  state: "ok" | "warning" | "problem";
  /** Reads on from `check`: the value seen and, if it is wrong, what is allowed. */
  message: string;
  /** A sentence; null if there is nothing to do. */
  next: string | null;
}

/** The check passed. */
export function ok(check: string, message: string): Finding {
  return { check, state: "ok", message, next: null };
}

/** The deployment works, but probably not as intended. */
export function warning(check: string, message: string, next: string): Finding {
  return { check, state: "warning", message, next };
}

/** The deployment would not work, or not safely. */
export function problem(check: string, message: string, next: string): Finding {
  return { check, state: "problem", message, next };
}

/** @returns whether the upload may start */
export function hasNoProblem(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== "problem");
}

const MAX_QUOTED_CHARACTERS = 80;

/** @returns the value as JSON, shortened; a value that contains a secret is not shown, because findings end in the logs of CI */
export function quoted(value: unknown): string {
  const secret = secretIn(value);
  if (secret !== null) return `a hidden value (it contains ${secret})`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MAX_QUOTED_CHARACTERS ? text : `${text.slice(0, MAX_QUOTED_CHARACTERS - 1)}…`;
}

/** RFC 2606. */
const RESERVED_NAME = /(^|[./@])(example\.(com|net|org)|[a-z0-9-]+\.(example|invalid|test))(?=$|[/:?#\s,])/i;

/** @returns whether the value is one of those that wrangler.toml has until its owner fills it in */
export function isPlaceholder(value: string): boolean {
  return placeholderIn(value) !== null;
}

/** @returns what kind of placeholder the value is, as the predicate of a sentence; null if it is none */
export function placeholderIn(value: string): string | null {
  if (/<[^>]*>/.test(value)) return "is a placeholder";
  return RESERVED_NAME.test(value) ? "uses a domain reserved for examples" : null;
}
