/** Pure. How paths and values of a policy are shown to users: short, on one line, without the secrets of a URL. */

const MAX_LENGTH = 60;

/** @returns `edge.share`, `origins["eu west"].url`, or `policy` for the whole document */
export function shownPlace(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "policy";
  return path.map((key, index) => shownKey(String(key), index === 0)).join("");
}

/** @returns the value; "a list" and "an object" for lists and objects */
export function shownValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string") return JSON.stringify(shortened(withoutSecrets(value)));
  return shortened(String(value));
}

/** Of a URL only scheme and host remain: user, password, path and query may be secrets. */
function withoutSecrets(text: string): string {
  const address = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#\s]*)(.*)$/is.exec(text);
  if (address !== null) {
    const [, scheme = "", authority = "", rest = ""] = address;
    const host = authority.slice(authority.lastIndexOf("@") + 1);
    return `${scheme}${authority === host ? "" : "…@"}${host}${rest === "" || rest === "/" ? rest : "/…"}`;
  }
  // A URL whose scheme is missing or mistyped.
  return /:[^\s]*@/.test(text) ? "…" : text;
}

function shortened(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

function shownKey(key: string, isFirst: boolean): string {
  if (!/^[\w$-]+$/.test(key)) return `[${JSON.stringify(shortened(key))}]`;
  return `${isFirst ? "" : "."}${shortened(key)}`;
}
