/** Pure. The names of origins. Residency may only name origins that exist: a typing mistake would refuse the callers of a country. */
import { nearest } from "./messages/nearest.ts";

/** The origin of the deployment, which is used when the policy names none. */
export const DEFAULT_ORIGIN = "default";

const MAX_NAMES_SHOWN = 8;

/** @returns the names of a policy's origins; the deployment's origin when the policy names none */
export function originNames(origins: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(origins);
  return names.length > 0 ? names : [DEFAULT_ORIGIN];
}

/** The part of a policy that is checked. */
interface Document {
  origins: Readonly<Record<string, unknown>>;
  residency: {
    rules: readonly { allow: readonly string[] }[];
    unknown: string | readonly string[];
  };
}

export interface UnknownOrigin {
  /** Path in the document, as zod writes it. */
  path: (string | number)[];
  message: string;
}

/** @returns every origin that residency names and that does not exist */
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
  const shown = known.slice(0, MAX_NAMES_SHOWN).map((one) => `"origin:${one}"`);
  return `known origins: ${shown.join(", ")}${known.length > MAX_NAMES_SHOWN ? " …" : ""}`;
}
