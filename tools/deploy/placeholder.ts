/** Pure. What wrangler.toml has where something of the owner's belongs: `<angle brackets>`, or a name that nobody can own (RFC 2606). */

const RESERVED_NAME = /(^|[./@])(example\.(com|net|org)|[a-z0-9-]+\.(example|invalid|test))(?=$|[/:?#\s,])/i;

export function isPlaceholder(value: string): boolean {
  return /<[^>]*>/.test(value) || RESERVED_NAME.test(value);
}
