/** Pure. The key in a request, from either of its two headers. */
import { bearerOf } from "../../formats/bearer.ts";

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
