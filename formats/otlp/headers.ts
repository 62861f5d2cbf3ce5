/** Pure. `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,name=value` with percent-encoded values (W3C Baggage form without properties). */

/** In messages only names appear: values are secrets. */
export type ParsedHeaders = { ok: true; headers: Readonly<Record<string, string>> } | { ok: false; problem: string };

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** RFC 9110: visible ASCII, spaces, tabs and the upper half of Latin-1. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Names are returned in lower case. Empty entries, as a trailing comma makes them, are skipped. */
export function parseOtlpHeaders(list: string): ParsedHeaders {
  const headers: Record<string, string> = {};
  for (const [index, entry] of list.split(",").entries()) {
    if (entry.trim() === "") continue;
    const equals = entry.indexOf("=");
    const name = entry.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const value = decoded(entry.slice(equals + 1).trim());
    const problem = !TOKEN.test(name)
      ? `its entry ${index + 1} has no header name before "="; write name=value,name=value, and a comma in a value as %2C`
      : Object.hasOwn(headers, name)
        ? `it names the header ${name} twice`
        : problemOf(value, name);
    if (problem !== null) return { ok: false, problem: `cannot be read: ${problem}` };
    headers[name] = value;
  }
  return { ok: true, headers };
}

function problemOf(value: string, name: string): string | null {
  if (!FIELD_VALUE.test(value)) return `the value of ${name} has a line break or a character that no header can have`;
  return /^(["']).*\1$/.test(value) ? `the value of ${name} is in quotes; remove them` : null;
}

/** A value that is not percent-encoded is used as it is. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
