/** Pure. What one check found: one line for people, with the next step where there is one. */
import { whyHidden } from "./secret-shape.ts";

export interface Finding {
  /** What was looked at, in a word or two. */
  check: string;
  /** A problem keeps everything from being uploaded, a warning does not. */
  state: "ok" | "warning" | "problem";
  /** What was found: the value seen, and what is allowed where it is not. */
  says: string;
  /** What to do about it; null where nothing is to be done. */
  next: string | null;
}

export function ok(check: string, says: string): Finding {
  return { check, state: "ok", says, next: null };
}

export function warning(check: string, says: string, next: string): Finding {
  return { check, state: "warning", says, next };
}

export function problem(check: string, says: string, next: string): Finding {
  return { check, state: "problem", says, next };
}

export function isClear(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== "problem");
}

/** Values are quoted, no longer than a line has room for, and not at all where a secret is in them. */
export function quoted(value: unknown): string {
  const hidden = whyHidden(value);
  if (hidden !== null) return `a value that is not shown, since it has ${hidden} in it`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

/** Pure. What wrangler.toml has where something of the owner's belongs: `<angle brackets>`, or a name that nobody can own (RFC 2606). */

const RESERVED_NAME = /(^|[./@])(example\.(com|net|org)|[a-z0-9-]+\.(example|invalid|test))(?=$|[/:?#\s,])/i;

export function isPlaceholder(value: string): boolean {
  return placeholderIn(value) !== null;
}

/** What it is, as a sentence's end; null where it is none. */
export function placeholderIn(value: string): string | null {
  if (/<[^>]*>/.test(value)) return "is a placeholder";
  return RESERVED_NAME.test(value) ? "is at a name kept for examples, which nobody can own" : null;
}
