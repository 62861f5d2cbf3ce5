// From a MIME entity to its readable text: the plain part where there is one, else the HTML part as text.
import { bytesToText, fromBase64, fromQuotedPrintable } from "./decode.ts";
import { type Entity, parameter, splitEntity } from "./headers.ts";
import { htmlToText, looksLikeHtml } from "./html.ts";

const deepest = 5;

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

/** Some spam of the corpus lost the header that declares its boundary. */
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
