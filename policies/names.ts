/** Pure. Origins that residency allows and that do not exist: a typing mistake there would refuse a country's callers. */
import { nearest } from "./messages/nearest.ts";

/** What is looked at of a policy. */
interface Document {
  origins: Readonly<Record<string, unknown>>;
  residency: {
    rules: readonly { allow: readonly string[] }[];
    unknown: string | readonly string[];
  };
}

export interface UnknownOrigin {
  /** In the document, as zod names places. */
  path: (string | number)[];
  message: string;
}

/** Enough to see what kind of names there are. */
const NAMES_TOLD_MAX = 8;

export function unknownOriginsIn({ origins, residency }: Document): UnknownOrigin[] {
  const known = originNames(origins);
  const { rules, unknown } = residency;
  const inRules = rules.flatMap(({ allow }, index) => unknownIn(allow, ["residency", "rules", index, "allow"], known));
  const inUnknown = typeof unknown === "string" ? [] : unknownIn(unknown, ["residency", "unknown"], known);
  return [...inRules, ...inUnknown];
}

function unknownIn(list: readonly string[], path: (string | number)[], known: readonly string[]): UnknownOrigin[] {
  return list.flatMap((permission, index) => {
    const name = /^origin:(.*)$/.exec(permission)?.[1];
    if (name === undefined || known.includes(name)) return [];
    return [{ path: [...path, index], message: `no origin has this name; ${hint(name, known)}` }];
  });
}

function hint(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== null) return `did you mean "origin:${near}"?`;
  const told = known.slice(0, NAMES_TOLD_MAX).map((one) => `"origin:${one}"`);
  return `known here: ${told.join(", ")}${known.length > NAMES_TOLD_MAX ? " …" : ""}`;
}

/** Pure. The names by which residency and the gateway know a policy's origins. */

/** The deployment's own origin, which serves where a policy names none. */
export const DEFAULT_ORIGIN = "default";

export function originNames(origins: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(origins);
  return names.length > 0 ? names : [DEFAULT_ORIGIN];
}
