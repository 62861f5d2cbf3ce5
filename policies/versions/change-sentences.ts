/** Pure. Changes of residency rules and of lists as sentences: by index, "residency.rules[0].allow[1] not set" hides what they mean. */
import { z } from "zod";
import type { Json } from "../../formats/json.ts";
import { isEuCountry } from "../eu-countries.ts";

/** Of a list. Countries and origins of residency rules are all named: a change must not be hidden behind a number. */
const MAX_ENTRIES_NAMED = 8;

const residencySchema = z.object({
  rules: z.array(z.object({ countries: z.array(z.string()), allow: z.array(z.string()) })).default([]),
  unknown: z.union([z.enum(["allow", "refuse"]), z.array(z.string())]).default("allow"),
});

type Residency = z.infer<typeof residencySchema>;

/**
 * @param before the value of `residency`; undefined for the defaults
 * @returns a sentence per group of countries whose texts may go elsewhere now; null if a value is no residency, as in a rejected version
 */
export function residencySentences(before: Json | undefined, after: Json | undefined): string[] | null {
  const [left, right] = [residencySchema.safeParse(before ?? {}), residencySchema.safeParse(after ?? {})];
  if (!left.success || !right.success) return null;
  const groups = new Map<string, { countries: string[]; from: Sides; to: Sides }>();
  for (const country of countriesIn(left.data, right.data)) {
    const [from, to] = [sidesOf(left.data, country), sidesOf(right.data, country)];
    const id = `${now(from)} ${now(to)}`;
    if (now(from) === now(to)) continue;
    const group = groups.get(id) ?? { countries: [], from, to };
    groups.set(id, { ...group, countries: [...group.countries, country] });
  }
  const sentences = [...groups.values()].map(
    ({ countries, from, to }) =>
      `texts from ${allOf(withoutEuMembers(countries))} ${now(to)}; before, they ${then(from)}`,
  );
  const [from, to] = [sidesOfUnknown(left.data), sidesOfUnknown(right.data)];
  if (now(from) !== now(to)) sentences.push(`texts from unknown countries ${now(to)}; before, they ${then(from)}`);
  if (sentences.length > 0 || JSON.stringify(left.data) === JSON.stringify(right.data)) return sentences;
  return ["the residency rules are written in another way, and allow the same"];
}

interface Sides {
  edge: boolean;
  /** Null: every origin. */
  origins: readonly string[] | null;
}

/** The countries with a rule, the EU as one of them. */
function countriesIn(...residencies: readonly Residency[]): string[] {
  const codes = residencies.flatMap(({ rules }) => rules.flatMap(({ countries }) => countries));
  // The EU first: it stands for its members.
  return [...new Set(codes)].toSorted((a, b) => Number(b === "EU") - Number(a === "EU") || a.localeCompare(b));
}

function withoutEuMembers(countries: readonly string[]): readonly string[] {
  const shown = countries.includes("EU") ? countries.filter((code) => !isEuCountry(code)) : countries;
  return shown.map((code) => (code === "EU" ? "the EU" : code));
}

/** Every rule for a country must allow a side, as the gateway has it. */
function sidesOf({ rules }: Residency, country: string): Sides {
  const applies = ({ countries }: Residency["rules"][number]) =>
    countries.includes(country) || (isEuCountry(country) && countries.includes("EU"));
  return sidesIn(rules.filter(applies).map(({ allow }) => allow));
}

function sidesOfUnknown({ unknown }: Residency): Sides {
  if (unknown === "allow") return sidesIn([]);
  return sidesIn([unknown === "refuse" ? [] : unknown]);
}

function sidesIn(lists: readonly (readonly string[])[]): Sides {
  const all = (...names: string[]) => lists.every((list) => names.some((name) => list.includes(name)));
  if (all("origin")) return { edge: all("edge"), origins: null };
  const named = new Set(lists.flat().flatMap((side) => (side.startsWith("origin:") ? [side] : [])));
  const origins = [...named].filter((side) => all("origin", side)).map((side) => side.slice("origin:".length));
  return { edge: all("edge"), origins: origins.toSorted() };
}

function now(sides: Sides): string {
  const place = placeOf(sides);
  return place === null ? "are refused" : `may go ${place}`;
}

function then(sides: Sides): string {
  const place = placeOf(sides);
  return place === null ? "were refused" : `could go ${place}`;
}

/** Null: nowhere. */
function placeOf({ edge, origins }: Sides): string | null {
  if (origins === null) return edge ? "to both sides" : "only to an origin";
  if (origins.length === 0) return edge ? "only to the edge" : null;
  const named = `${origins.length === 1 ? "the origin" : "the origins"} ${allOf(origins)}`;
  return edge ? `only to the edge and ${named}` : `only to ${named}`;
}

/** @returns whether a value is a list of texts or numbers, whose changes are best shown by its entries */
export function isPlainList(value: Json | undefined): value is (string | number)[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string" || typeof entry === "number");
}

/** @returns what was added to a list and removed from it, and what it holds now */
export function listSentence(place: string, before: readonly Json[], after: readonly Json[]): string {
  const texts = (list: readonly Json[]) =>
    list.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
  const [left, right] = [texts(before), texts(after)];
  const added = right.filter((entry) => !left.includes(entry));
  const removed = left.filter((entry) => !right.includes(entry));
  const changes = [
    ...(added.length > 0 ? [`${listed(added)} added`] : []),
    ...(removed.length > 0 ? [`${listed(removed)} removed`] : []),
  ];
  const holds = right.length === 0 ? "it is empty now" : `now ${listed(right)}`;
  return `${place}: ${changes.length === 0 ? "another order" : changes.join(", ")}; ${holds}`;
}

/** Names some of many. */
function listed(names: readonly string[]): string {
  const more = names.length - MAX_ENTRIES_NAMED + 1;
  return more < 2 ? allOf(names) : allOf([...names.slice(0, MAX_ENTRIES_NAMED - 1), `${more} more`]);
}

function allOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
