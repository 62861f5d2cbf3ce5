/** Pure. The key that a request brings, in either of its two headers. */

export type Credential =
  | { kind: "none" }
  | { kind: "one"; text: string }
  /** Both headers, and not the same in them. */
  | { kind: "two" };

interface Headers {
  get(name: string): string | null;
}

/** A header that is there but empty is a key too, a wrong one: most likely of a client whose variable is not set. */
export function credentialOf(headers: Headers): Credential {
  const own = headers.get("x-api-key")?.trim();
  const [text, ...more] = new Set([bearerOf(headers), own].filter((given) => given !== undefined && given !== null));
  if (text === undefined) return { kind: "none" };
  return more.length === 0 ? { kind: "one", text } : { kind: "two" };
}

/** Null where there is no such header; empty where it holds something else than a bearer token. */
export function bearerOf(headers: Headers): string | null {
  const header = headers.get("authorization");
  return header === null ? null : (/^bearer +(\S+)$/i.exec(header.trim())?.[1] ?? "");
}
