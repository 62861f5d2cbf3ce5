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
