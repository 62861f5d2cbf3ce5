/** Pure. The caller, as far as routing needs it. */
import type { Rate } from "../../formats/api-key.ts";
import type { Location } from "../decide/residency.ts";

/** The holder of a verified key. */
export interface KeyHolder {
  id: string;
  /** Null for the default rate. */
  rate: Rate | null;
  /** Inputs per request, if fewer than the policy allows; null for no such limit. */
  inputsMax: number | null;
}

export interface Connection {
  location: Location;
  /** Number of the caller's network; null when it is unknown. Used only in the trace. */
  asn: number | null;
  /** For example "1.3". "none" for an unencrypted connection; null when nothing is known. */
  tls: string | null;
}

export interface Caller extends Connection {
  /** The id of the verified key; null for an anonymous caller. */
  apiKey: string | null;
  inputsMax: number | null;
  /** Whom slots are counted for, in memory; null when anonymous access is unlimited. */
  countedAs: string | null;
  /** @returns a header of the request, for `stickyBy`; null when it is missing */
  header(name: string): string | null;
}

/** The caller of a request. `cf` is `request.cf`; `holder` is null for an anonymous caller. */
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

/**
 * Reads Cloudflare's facts about a connection. The address is not one of them.
 * @param cf `request.cf`; undefined outside of Cloudflare
 */
export function connectionOf(cf: unknown): Connection {
  return { location: locationOf(cf), asn: asnOf(cf), tls: tlsOf(cf) };
}

const COUNTRY = /^[A-Z0-9]{2}$/;

function locationOf(cf: unknown): Location {
  const country = field(cf, "country");
  const known = typeof country === "string" && COUNTRY.test(country);
  return { country: known ? country : null, isEu: field(cf, "isEUCountry") === "1" };
}

function asnOf(cf: unknown): number | null {
  const asn = field(cf, "asn");
  return typeof asn === "number" && Number.isSafeInteger(asn) ? asn : null;
}

/** "1.0" to "1.3", "none" for plain HTTP, null without `cf` (in a test or on another host). */
function tlsOf(cf: unknown): string | null {
  if (cf === undefined || cf === null) return null;
  const version = field(cf, "tlsVersion");
  const found = typeof version === "string" ? /^TLSv(1(?:\.\d)?)$/.exec(version)?.[1] : undefined;
  if (found === undefined) return "none";
  return found === "1" ? "1.0" : found;
}

function field(cf: unknown, name: string): unknown {
  return typeof cf === "object" && cf !== null ? Reflect.get(cf, name) : undefined;
}
