/** Pure. Who is calling, as far as routing needs it. */
import type { Place } from "../decide/residency.ts";
import { asnOf, placeOf, tlsOf } from "./connection.ts";

export interface Caller {
  /** What the caller gave as a key; null for an anonymous one. Never logged. */
  apiKey: string | null;
  /** A header of the request, for `stickyBy`; null where there is none. */
  header(name: string): string | null;
  place: Place;
  /** The number of the network that the caller is in; null where it is not known. For the trace alone. */
  asn: number | null;
  /** "1.3"; null where nothing is known of the connection, "none" where it is not encrypted. */
  tls: string | null;
}

/** `cf` as Cloudflare gives it with a request; undefined elsewhere. */
export function callerOf(headers: { get(name: string): string | null }, cf: unknown): Caller {
  return {
    apiKey: headers.get("x-api-key") ?? headers.get("authorization"),
    header: (name) => headers.get(name),
    place: placeOf(cf),
    asn: asnOf(cf),
    tls: tlsOf(cf),
  };
}
