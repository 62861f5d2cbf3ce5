/** Pure. The key in a request, from either of its two headers. */

export type Credential =
  | { kind: "none" }
  | { kind: "one"; text: string }
  /** Both headers are present and differ. */
  | { kind: "two" };

interface Headers {
  get(name: string): string | null;
}

/** Begins every key of Spillway. */
const PREFIX = "spw_";

/**
 * An empty header counts as a wrong key: most likely a client whose variable is not set.
 * @param skipForeign whether the token of another service in `authorization` counts as none
 */
export function credentialOf(headers: Headers, skipForeign = false): Credential {
  const own = headers.get("x-api-key")?.trim();
  const bearer = bearerOf(headers);
  const isForeign = skipForeign && bearer !== null && bearer !== "" && !bearer.toLowerCase().startsWith(PREFIX);
  const [text, ...more] = new Set(
    [isForeign ? null : bearer, own].filter((given) => given !== undefined && given !== null),
  );
  if (text === undefined) return { kind: "none" };
  return more.length === 0 ? { kind: "one", text } : { kind: "two" };
}

/** @returns the bearer token; null without the header, empty when the header holds something else */
export function bearerOf(headers: Headers): string | null {
  const header = headers.get("authorization");
  return header === null ? null : (/^bearer +(\S+)$/i.exec(header.trim())?.[1] ?? "");
}
