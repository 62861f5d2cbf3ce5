/** PEM blocks, RFC 7468. */
import { decodeBase64, encodeBase64 } from "./base64.ts";

const LINE_CHARACTERS = 64;

/**
 * The bytes of the first block with this label, or undefined. Text around it is allowed (RFC 7468 §2). Newlines may be spaces
 * or the two characters `\n`: forms and files for environment variables make them so.
 */
export function readPem(label: string, text: string): Uint8Array<ArrayBuffer> | undefined {
  const begin = `-----BEGIN ${label}-----`;
  const start = text.indexOf(begin);
  const end = text.indexOf(`-----END ${label}-----`, start);
  return start < 0 || end < 0 ? undefined : decodeBase64(text.slice(start + begin.length, end).replaceAll("\\n", "\n"));
}

/** Every block with this label, as texts that `readPem` reads one by one; empty where there is none. */
export function pemBlocks(label: string, text: string): string[] {
  return text
    .split(`-----BEGIN ${label}-----`)
    .slice(1)
    .map((rest) => `-----BEGIN ${label}-----${rest}`);
}

/** The strict form: lines of 64 characters and a newline at the end. A key's fingerprint is of exactly this text. */
export function writePem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
