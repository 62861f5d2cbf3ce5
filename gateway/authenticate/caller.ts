/** Pure. Who is calling, as far as routing needs it. */
import type { Rate } from "../../formats/api-key.ts";
import type { Location } from "../decide/residency.ts";

/** Of a key that was verified. */
export interface KeyHolder {
  id: string;
  /** Null for the default. */
  rate: Rate | null;
  /** How many inputs a request may have, where that is fewer than the policy allows; null where nothing is said of it. */
  inputsMax: number | null;
}

export interface Connection {
  location: Location;
  /** The number of the network that the caller is in; null where it is not known. For the trace alone. */
  asn: number | null;
  /** "1.3"; null where nothing is known of the connection, "none" where it is not encrypted. */
  tls: string | null;
}

export interface Caller extends Connection {
  /** The id of the caller's verified key, never its secret; null for an anonymous one. */
  apiKey: string | null;
  inputsMax: number | null;
  /** Whom its places are counted against, in memory alone; null where everybody may come in without limit. */
  countedAs: string | null;
  /** A header of the request, for `stickyBy`; null where there is none. */
  header(name: string): string | null;
}

/** `cf` as Cloudflare gives it with a request; undefined elsewhere. */
export function connectionOf(cf: unknown): Connection {
  return { location: locationOf(cf), asn: asnOf(cf), tls: tlsOf(cf) };
}

export function callerOf(
  headers: { get(name: string): string | null },
  cf: unknown,
  holder: Pick<KeyHolder, "id" | "inputsMax"> | null,
  countedAs: string | null = null,
): Caller {
  return {
    ...connectionOf(cf),
    apiKey: holder?.id ?? null,
    inputsMax: holder?.inputsMax ?? null,
    countedAs,
    header: (name) => headers.get(name),
  };
}

/** What Cloudflare says of a connection, read from `request.cf`. Only these few facts go further; the address never does. */

const COUNTRY = /^[A-Z0-9]{2}$/;

export function locationOf(cf: unknown): Location {
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
