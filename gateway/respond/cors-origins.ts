/** Pure. Which web pages may read answers, from the variable CORS_ORIGINS. A value that cannot be obeyed is never half obeyed. */

/** Nobody where the list is empty. */
export type CorsOrigins = readonly string[] | "*";

export type CorsSetting = { ok: true; origins: CorsOrigins } | { ok: false; problem: string };

/** "*", or origins with commas between; nothing means off. */
export function parseCorsOrigins(text: string | undefined): CorsSetting {
  if (text === undefined || text.trim() === "") return { ok: true, origins: [] };
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.length === 1 && entries[0] === "*") return { ok: true, origins: "*" };
  const problems = entries.map(problemOf).filter((problem) => problem !== null);
  if (problems.length > 0) return { ok: false, problem: `CORS_ORIGINS: ${problems.join("; ")}` };
  return { ok: true, origins: [...new Set(entries)] };
}

const ALLOWED = 'exact origins such as "https://app.example" with commas between, or "*" alone';

/** Browsers send an origin as it is compared here, letter by letter. */
function problemOf(entry: string): string | null {
  const seen = JSON.stringify(entry);
  const url = URL.canParse(entry) ? new URL(entry) : null;
  const isWeb = url !== null && ["http:", "https:"].includes(url.protocol) && !url.hostname.includes("*");
  if (!isWeb) return `${seen} is not allowed; must be ${ALLOWED}`;
  return url.origin === entry ? null : `${seen} is not an origin; did you mean ${JSON.stringify(url.origin)}?`;
}
