/** Pure. The sides that may see a text, by the caller's location. Every rule for the country must allow a side. */
import type { Policy } from "../../policies/schema.ts";

/** A caller's location, as Cloudflare reports it. */
export interface Location {
  /** Two capital letters; null if it is unknown. */
  country: string | null;
  isEu: boolean;
}

export interface Permitted {
  edge: boolean;
  /** Whether an origin of this name may see the text. */
  origin(name: string): boolean;
}

/** Cloudflare's codes for an unknown country and for Tor. */
const UNKNOWN_COUNTRIES: ReadonlySet<string> = new Set(["XX", "T1"]);

/** The sides that a policy's residency rules permit for a location. */
export function permittedIn({ rules, unknown }: Policy["residency"], location: Location): Permitted {
  const { country } = location;
  if (country === null || UNKNOWN_COUNTRIES.has(country)) return byLists(listsForUnknown(unknown));
  const ours = rules.filter(
    ({ countries }) => countries.includes(country) || (location.isEu && countries.includes("EU")),
  );
  return byLists(ours.map(({ allow }) => allow));
}

function listsForUnknown(unknown: Policy["residency"]["unknown"]): (readonly string[])[] {
  if (unknown === "allow") return [];
  return [unknown === "refuse" ? [] : unknown];
}

function byLists(lists: readonly (readonly string[])[]): Permitted {
  const every = (...names: string[]) => lists.every((list) => names.some((name) => list.includes(name)));
  return { edge: every("edge"), origin: (name) => every("origin", `origin:${name}`) };
}
