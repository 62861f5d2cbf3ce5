/** Pure. How a place and a value of a policy are shown to people: short, on one line, and without what an address may hide. */

const LENGTH_MAX = 60;

/** `edge.share`, `origins["eu west"].url`, and `policy` for the whole. */
export function shownPlace(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "policy";
  return path.map((key, index) => shownKey(String(key), index === 0)).join("");
}

/** Objects and lists are named, not shown. */
export function shownValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string") return JSON.stringify(shortened(withoutSecrets(value)));
  return shortened(String(value));
}

/** An address is shown up to its host: user, password, path and query may be secrets. */
export function withoutSecrets(text: string): string {
  const address = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#\s]*)(.*)$/is.exec(text);
  if (address !== null) {
    const [, scheme = "", authority = "", rest = ""] = address;
    const host = authority.slice(authority.lastIndexOf("@") + 1);
    return `${scheme}${authority === host ? "" : "…@"}${host}${rest === "" || rest === "/" ? rest : "/…"}`;
  }
  // An address whose scheme was forgotten or mistyped.
  return /:[^\s]*@/.test(text) ? "…" : text;
}

export function shortened(text: string): string {
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX - 1)}…` : text;
}

function shownKey(key: string, isFirst: boolean): string {
  if (!/^[\w$-]+$/.test(key)) return `[${JSON.stringify(shortened(key))}]`;
  return `${isFirst ? "" : "."}${shortened(key)}`;
}
