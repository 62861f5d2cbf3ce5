// RFC 5322 headers, as far as the corpus needs them: split, unfold, look up, decode encoded words (RFC 2047).
import { bytesToText, fromBase64, fromQuotedPrintable } from "./decode.ts";

export type Entity = { headers: Map<string, string>; body: string };

export function splitEntity(raw: string): Entity {
  const text = raw.replaceAll("\r\n", "\n");
  const end = text.startsWith("\n") ? 0 : text.indexOf("\n\n");
  const head = end < 0 ? text : text.slice(0, end);
  const headers = new Map<string, string>();
  for (const line of head.replace(/\n[ \t]+/g, " ").split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers, body: end < 0 ? "" : text.slice(end).replace(/^\n+/, "") };
}

/** One parameter of a structured header: `parameter('text/html; charset="x"', 'charset')` is `x`. */
export function parameter(header: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, "i").exec(header);
  return found?.[1] ?? found?.[2];
}

export function decodeWords(header: string): string {
  return header
    .replace(/(\?=)\s+(=\?)/g, "$1$2")
    .replace(/=\?([^?\s]+)\?([bq])\?([^?]*)\?=/gi, (_, charset: string, how: string, word: string) => {
      const bytes = how.toLowerCase() === "b" ? fromBase64(word) : fromQuotedPrintable(word.replaceAll("_", " "));
      return bytesToText(bytes, charset);
    });
}
