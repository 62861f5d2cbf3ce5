/** The key that a package is verified with. It decides the curve; a bundle never does. */
import { type Curve, curves } from "./curve.ts";
import { encodeHex } from "./hex.ts";
import { pemBlocks, readPem, writePem } from "./pem.ts";
import { sha256Hex } from "./sha256.ts";
import { SignatureError } from "./signature-error.ts";
import { utf8 } from "./utf8.ts";

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
