/** Parses a mail and extracts its readable text: the plain part, or the HTML part as text when there is no plain part. */

const deepest = 5;

/** The text of a MIME entity as a person reads it. */
export function readableText(entity: Entity, depth = 0): string {
  const type = entity.headers.get("content-type") ?? "text/plain";
  const boundary = parameter(type, "boundary") ?? undeclaredBoundary(entity.body);
  if (boundary !== undefined && depth < deepest) {
    const parts = splitParts(entity.body, boundary);
    if (parts.length > 0) return joinParts(parts, /^multipart\/alternative/i.test(type), depth);
  }
  if (/^message\/rfc822/i.test(type) && depth < deepest) return readableText(splitEntity(entity.body), depth + 1);
  if (!/^(text|multipart)\b/i.test(type) && type.includes("/")) return "";
  const text = decodeBody(entity, type);
  return looksLikeHtml(text) ? htmlToText(text) : text;
}

function joinParts(parts: Entity[], alternative: boolean, depth: number): string {
  const texts = parts.map((part) => readableText(part, depth + 1).trim()).filter((text) => text !== "");
  return alternative ? (texts[0] ?? "") : texts.join("\n\n");
}

function splitParts(body: string, boundary: string): Entity[] {
  const pieces = `\n${body}`.split(`\n--${boundary}`).slice(1);
  return pieces.filter((piece) => !piece.startsWith("--")).map((piece) => splitEntity(piece.replace(/^[^\n]*\n/, "")));
}

/** Some spam of the corpus has no header that declares its boundary. */
function undeclaredBoundary(body: string): string | undefined {
  return /^\s*--(\S+)[ \t]*\nContent-Type:/i.exec(body.slice(0, 2000))?.[1];
}

function decodeBody({ headers, body }: Entity, type: string): string {
  const charset = parameter(type, "charset");
  switch (headers.get("content-transfer-encoding")?.toLowerCase()) {
    case "base64":
      return bytesToText(fromBase64(body), charset);
    case "quoted-printable":
      return bytesToText(fromQuotedPrintable(body), charset);
    default:
      return body;
  }
}

export interface Entity {
  /** By lower-case name; the first of repeated headers. */
  headers: Map<string, string>;
  body: string;
}

/** Splits a raw MIME entity into headers and body. */
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

/** Decodes the encoded words of a header (RFC 2047). */
export function decodeWords(header: string): string {
  return header
    .replace(/(\?=)\s+(=\?)/g, "$1$2")
    .replace(/=\?([^?\s]+)\?([bq])\?([^?]*)\?=/gi, (_, charset: string, how: string, word: string) => {
      const bytes = how.toLowerCase() === "b" ? fromBase64(word) : fromQuotedPrintable(word.replaceAll("_", " "));
      return bytesToText(bytes, charset);
    });
}

/** Decodes base64 and ignores all other characters. */
export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text.replace(/[^A-Za-z0-9+/=]/g, ""), "base64");
}

/** Decodes quoted-printable (RFC 2045). */
export function fromQuotedPrintable(text: string): Uint8Array {
  const bytes: number[] = [];
  const joined = text.replace(/=[ \t]*\n/g, "");
  for (let at = 0; at < joined.length; at++) {
    const hex = joined[at] === "=" ? /^[0-9A-Fa-f]{2}/.exec(joined.slice(at + 1, at + 3)) : null;
    if (hex) {
      bytes.push(Number.parseInt(hex[0], 16));
      at += 2;
    } else {
      // The corpus has already decoded code points over 255; Latin-1 has a question mark for them.
      const code = joined.charCodeAt(at);
      bytes.push(code < 256 ? code : 0x3f);
    }
  }
  return Uint8Array.from(bytes);
}

/** An unknown charset name (`default_charset`, `unknown-8bit`) is read as Windows-1252, as browsers do. */
export function bytesToText(bytes: Uint8Array, charset: string | undefined): string {
  return decoderFor(charset).decode(bytes);
}

function decoderFor(charset: string | undefined): TextDecoder {
  try {
    return new TextDecoder(charset ?? "windows-1252");
  } catch {
    return new TextDecoder("windows-1252");
  }
}

const blockTags = /<\/?(?:p|div|br|tr|table|h[1-6]|li|ul|ol|hr|title|blockquote|center)\b[^>]*>/gi;
const namedEntities: Record<string, string> = {
  nbsp: " ",
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  copy: "©",
  reg: "®",
  trade: "™",
  bull: "•",
  middot: "·",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  euro: "€",
  pound: "£",
};

/** Decided by the text: many mails of the corpus send HTML as `text/plain`. */
export function looksLikeHtml(text: string): boolean {
  return (
    /<(?:html|body|head|table|!doctype)\b/i.test(text) ||
    (text.match(/<\/?(?:br|p|a|font|b|td|center)\b[^>]*>/gi)?.length ?? 0) >= 4
  );
}

/** The visible text of an HTML page. */
export function htmlToText(html: string): string {
  const visible = html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replace(/<(style|script)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, " ")
    .replace(/\s+/g, " ")
    .replace(blockTags, "\n")
    .replace(/<\/?td\b[^>]*>/gi, " ")
    .replace(/<\/?[a-z!?][^>]*>/gi, "");
  return decodeEntities(visible);
}

function decodeEntities(text: string): string {
  return text
    .replace(/&#(\d{1,7});?/g, (_, digits: string) => fromCodePoint(Number(digits)))
    .replace(/&#x([0-9a-f]{1,6});?/gi, (_, digits: string) => fromCodePoint(Number.parseInt(digits, 16)))
    .replace(/&([a-z]+);?/gi, (whole, name: string) => namedEntities[name.toLowerCase()] ?? whole);
}

function fromCodePoint(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
