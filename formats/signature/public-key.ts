/** The pinned public key, its PEM form and its curve. The key determines the curve; a bundle never does. */
import { decodeBase64, encodeBase64, encodeHex } from "../encodings.ts";
import { sha256Hex } from "../sha256.ts";
import { SignatureError } from "./signature-error.ts";

const LABEL = "PUBLIC KEY";

export interface PublicKey {
  key: CryptoKey;
  curve: Curve;
  /** Hex SHA-256 of the key's PEM text with its trailing newline. Bundles name a key by it (`publicKey.hint`). */
  fingerprint: string;
}

/** @param pem SPKI PEM, P-256 or P-384. @throws SignatureError (key-unreadable) */
export async function readPublicKey(pem: string): Promise<PublicKey> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw unreadable("it is a private key; pass the public key, the .pub.pem beside it.");
  }
  const spki = readPem(LABEL, pem);
  if (spki === null) throw unreadable('it is not a PEM text with a "BEGIN PUBLIC KEY" block.');
  const curve = curveOf(spki);
  const key = curve && (await importPoint(spki, curve));
  if (!key) throw unreadable("its curve is not P-256 or P-384; make a key with `spillway model keygen`.");
  return { key, curve, fingerprint: fingerprintOf(spki) };
}

/**
 * The pinned keys: one, or the old and the new during a key rotation. All must be readable, so that a bad second key shows at
 * once and not when the first package is signed with it.
 * @param pem one or more SPKI PEM blocks, one after another. @throws SignatureError (key-unreadable)
 */
export async function readPublicKeys(pem: string): Promise<PublicKey[]> {
  const blocks = pemBlocks(LABEL, pem);
  // Without any block, the error is the one for a single key.
  return Promise.all((blocks.length === 0 ? [pem] : blocks).map(readPublicKey));
}

/** See `PublicKey.fingerprint`. @param spki DER with an uncompressed point */
export function fingerprintOf(spki: Uint8Array): string {
  return sha256Hex(writePem(LABEL, spki));
}

function curveOf(spki: Uint8Array): Curve | null {
  const hex = encodeHex(spki);
  const fits = ({ spkiHeader, integerBytes }: Curve) =>
    hex.startsWith(spkiHeader) && hex.length === spkiHeader.length + 2 * 2 * integerBytes;
  return curves.find(fits) ?? null;
}

/** Null if the coordinates are not a point of the curve. */
async function importPoint(spki: Uint8Array<ArrayBuffer>, curve: Curve): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: curve.name }, false, ["verify"]);
  } catch {
    return null;
  }
}

function unreadable(message: string): SignatureError {
  return new SignatureError("key-unreadable", `The public key cannot be used: ${message}`);
}

/** Characters in a line of PEM (RFC 7468 §2). */
const LINE_CHARACTERS = 64;

/**
 * The bytes of the first PEM block with this label, or null. Text around it is allowed (RFC 7468 §2). Newlines may be spaces
 * or the two characters `\n`, as web forms and files of environment variables write them.
 */
export function readPem(label: string, text: string): Uint8Array<ArrayBuffer> | null {
  const begin = `-----BEGIN ${label}-----`;
  const start = text.indexOf(begin);
  const end = text.indexOf(`-----END ${label}-----`, start);
  return start < 0 || end < 0 ? null : decodeBase64(text.slice(start + begin.length, end).replaceAll("\\n", "\n"));
}

/** All PEM blocks with this label, each as a text for `readPem`. */
function pemBlocks(label: string, text: string): string[] {
  return text
    .split(`-----BEGIN ${label}-----`)
    .slice(1)
    .map((rest) => `-----BEGIN ${label}-----${rest}`);
}

/** A PEM block in the strict form, lines of 64 characters and a newline at the end. A key's fingerprint is the hash of this text. */
export function writePem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/**
 * A curve that packages may be signed with, and its hash.
 * Source: the algorithm registry of OpenSSF Model Signing v1.0. Of its curves, P-521 is not supported.
 */
export interface Curve {
  name: "P-256" | "P-384";
  hash: "SHA-256" | "SHA-384";
  /** Size of each of the signature's two integers, and of each of a point's two coordinates. */
  integerBytes: 32 | 48;
  /** Hex: the start of a public key's SPKI up to the coordinates, for a named curve and an uncompressed point (RFC 5480 §2). */
  spkiHeader: string;
}

const P256: Curve = {
  name: "P-256",
  hash: "SHA-256",
  integerBytes: 32,
  spkiHeader: "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
};

const P384: Curve = {
  name: "P-384",
  hash: "SHA-384",
  integerBytes: 48,
  spkiHeader: "3076301006072a8648ce3d020106052b8104002203620004",
};

export const curves: readonly Curve[] = [P256, P384];
