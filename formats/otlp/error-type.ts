/** A thrown value as one word. Pure. https://opentelemetry.io/docs/specs/semconv/attributes-registry/error/ */

/** The error's class name, or the convention's `_OTHER`. A message, or a name that is made up, could hold a caller's text. */
export function errorType(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return /^[A-Z][A-Za-z]{1,40}$/.test(name) ? name : "_OTHER";
}
