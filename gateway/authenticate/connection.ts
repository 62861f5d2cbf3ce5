/** What Cloudflare says of a connection, read from `request.cf`. Only these few facts go further; the address never does. */
import type { Place } from "../decide/residency.ts";

const COUNTRY = /^[A-Z0-9]{2}$/;

export function placeOf(cf: unknown): Place {
  const country = field(cf, "country");
  const known = typeof country === "string" && COUNTRY.test(country);
  return { country: known ? country : null, isEu: field(cf, "isEUCountry") === "1" };
}

export function asnOf(cf: unknown): number | null {
  const asn = field(cf, "asn");
  return typeof asn === "number" && Number.isSafeInteger(asn) ? asn : null;
}

/** "1.0" to "1.3", "none" for plain HTTP, null where there is no `cf` at all (a test, or another host). */
export function tlsOf(cf: unknown): string | null {
  if (cf === undefined || cf === null) return null;
  const version = field(cf, "tlsVersion");
  const found = typeof version === "string" ? /^TLSv(1(?:\.\d)?)$/.exec(version)?.[1] : undefined;
  if (found === undefined) return "none";
  return found === "1" ? "1.0" : found;
}

function field(cf: unknown, name: string): unknown {
  return typeof cf === "object" && cf !== null ? Reflect.get(cf, name) : undefined;
}
