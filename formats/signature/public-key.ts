/** The key that a package is verified with. It decides the curve; a bundle never does. */
import { decodeBase64, encodeBase64, encodeHex, sha256Hex, utf8 } from "../encodings.ts";
import { SignatureError } from "./signature-error.ts";

const LABEL = "PUBLIC KEY";

export interface PublicKey {
  key: CryptoKey;
  curve: Curve;
  /** Hex SHA-256 of the key's PEM text with its trailing newline: what bundles name a key by (`publicKey.hint`). */
  fingerprint: string;
}

/** @param pem SPKI PEM, P-256 or P-384. @throws SignatureError (key-unreadable) */
export async function readPublicKey(pem: string): Promise<PublicKey> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw unreadable("it is a private key; verifying takes the public one, the .pub.pem beside it.");
  }
  const spki = readPem(LABEL, pem);
  if (spki === undefined) throw unreadable('it is no public key, a PEM text that starts with "BEGIN PUBLIC KEY".');
  const curve = curveOf(spki);
  const key = curve && (await importPoint(spki, curve));
  if (!key) throw unreadable("it is a public key, but not of P-256 or P-384; make one with `spillway model keygen`.");
  return { key, curve, fingerprint: await fingerprintOf(spki) };
}

/**
 * The pinned keys: one, or while keys are rotated the old and the new. All must be readable: one that is not would be missed only
 * when it is needed.
 * @param pem one or more SPKI PEM blocks, one after another. @throws SignatureError (key-unreadable)
 */
export async function readPublicKeys(pem: string): Promise<PublicKey[]> {
  const blocks = pemBlocks(LABEL, pem);
  // What holds none at all is told as for a single key.
  return Promise.all((blocks.length === 0 ? [pem] : blocks).map(readPublicKey));
}

/** @param spki DER with an uncompressed point */
export function fingerprintOf(spki: Uint8Array): Promise<string> {
  return sha256Hex(utf8(writePem(LABEL, spki)));
}

function curveOf(spki: Uint8Array): Curve | undefined {
  const hex = encodeHex(spki);
  return curves.find(
    ({ spkiHeader, integerBytes }) =>
      hex.startsWith(spkiHeader) && hex.length === spkiHeader.length + 2 * 2 * integerBytes,
  );
}

/** Undefined for coordinates that are no point of the curve. */
async function importPoint(spki: Uint8Array<ArrayBuffer>, curve: Curve): Promise<CryptoKey | undefined> {
  try {
    return await crypto.subtle.importKey("spki", spki, { name: "ECDSA", namedCurve: curve.name }, false, ["verify"]);
  } catch {
    return undefined;
  }
}

function unreadable(message: string): SignatureError {
  return new SignatureError("key-unreadable", `The public key cannot be used: ${message}`);
}

/** PEM blocks, RFC 7468. */

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

/**
 * The curves a package may be signed with, each with its hash.
 * Source: the algorithm registry of OpenSSF Model Signing v1.0. P-521, which it also has, is not supported here.
 */
export interface Curve {
  name: "P-256" | "P-384";
  hash: "SHA-256" | "SHA-384";
  /** Of each of the signature's two integers and of each of a point's two coordinates. */
  integerBytes: 32 | 48;
  /** What a public key's SPKI begins with, up to the coordinates: named curve, uncompressed point (RFC 5480 §2). Hex. */
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
