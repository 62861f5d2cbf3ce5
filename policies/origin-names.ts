/** Pure. The names by which residency and the gateway know a policy's origins. */

/** The deployment's own origin, which serves where a policy names none. */
export const DEFAULT_ORIGIN = "default";

export function originNames(origins: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(origins);
  return names.length > 0 ? names : [DEFAULT_ORIGIN];
}
