/** Signing keys in PEM files. The private key's file is readable only by its owner. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { readPublicKey } from "../../../../formats/signature/public-key.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { readUserText } from "../../../process/read-text.ts";

const OWNER_ONLY = 0o600;

/** OpenSSL's names for the curves. */
const NAMED_CURVES = { p256: "prime256v1", p384: "secp384r1" } as const;
export type CurveName = keyof typeof NAMED_CURVES;
export const CURVE_NAMES: readonly CurveName[] = ["p256", "p384"];

export interface KeyFiles {
  privatePath: string;
  publicPath: string;
  /** See PublicKey. */
  fingerprint: string;
}

/** A key pair in memory: `privateKey` in PKCS#8 PEM, `publicKey` in SPKI PEM. */
export function generateKeyPair(curve: CurveName = "p256"): { privateKey: string; publicKey: string } {
  return generateKeyPairSync("ec", {
    namedCurve: NAMED_CURVES[curve],
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

/**
 * Makes a key pair and writes `<prefix>.pem` (PKCS#8, mode 600) and `<prefix>.pub.pem` (SPKI). Neither may exist: an overwritten
 * private key is lost.
 * @throws Error with one sentence
 */
export async function writeKeyPair(prefix: string, curve: CurveName = "p256"): Promise<KeyFiles> {
  const { privateKey, publicKey } = generateKeyPair(curve);
  const files = { privatePath: `${prefix}.pem`, publicPath: `${prefix}.pub.pem` };
  await create(files.privatePath, privateKey, OWNER_ONLY);
  try {
    await create(files.publicPath, publicKey, 0o644);
  } catch (error) {
    await rm(files.privatePath);
    throw error;
  }
  return { ...files, fingerprint: (await readPublicKey(publicKey)).fingerprint };
}

/** A public key's PEM text, checked to be a P-256 or P-384 key. @throws Error with one sentence */
export async function readPublicKeyFile(path: string): Promise<string> {
  const text = await readUserText(path);
  try {
    await readPublicKey(text);
  } catch (error) {
    throw error instanceof SignatureError ? new Error(`${path}: ${error.message}`) : error;
  }
  return text;
}

/** A private key in PKCS#8 or SEC1 PEM, as PKCS#8 PEM. @throws Error with one sentence that does not quote the file */
export async function readPrivateKeyFile(path: string): Promise<string> {
  const text = await readUserText(path);
  if (/ENCRYPTED/.test(text)) {
    throw new Error(`${path} is encrypted; decrypt it first: openssl pkey -in ${path} -out <decrypted.pem>`);
  }
  if (text.includes("-----BEGIN PUBLIC KEY-----")) {
    throw new Error(`${path} is a public key; signing needs the private key that spillway model keygen made with it.`);
  }
  const key = parse(path, text);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (!Object.values(NAMED_CURVES).some((known) => known === curve)) {
    const kind = curve ?? key.asymmetricKeyType?.toUpperCase() ?? "unknown";
    throw new Error(`${path} is a key of type ${kind}; make a P-256 or P-384 key with spillway model keygen.`);
  }
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function parse(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new Error(`${path} is not a private key in PEM; make one with spillway model keygen.`);
  }
}

/** Creates a file with its final mode. @throws Error with one sentence if it exists */
async function create(path: string, content: string, mode: number): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx", mode, flush: true });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST") {
      // On a full disk an empty file remains. It would block the next attempt.
      await rm(path, { force: true });
      throw error;
    }
    throw new Error(`${path} exists already and is not overwritten; move it, or pass another --out.`);
  }
}
