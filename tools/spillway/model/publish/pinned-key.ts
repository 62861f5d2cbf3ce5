/** Which key a package must be signed with to be published: the one that the gateway at the target pins, where that is known. */
import { access } from "node:fs/promises";
import { readPublicKey, readPublicKeys } from "../../../../formats/signature/public-key.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { localSigningKey } from "../../../start/signing-key.ts";
import { readPublicKeyFile } from "../sign/keys.ts";

export interface PackageKey {
  pem: string;
  /** What makes a signature that it verifies, for people. */
  signWith: string;
}

export interface PinnedKey extends PackageKey {
  /** Where it is pinned, for people. */
  place: string;
  /** One, or the old and the new while they are rotated. */
  fingerprints: readonly string[];
  /** How another key is pinned instead, as the end of a sentence; empty where that is no way. */
  orPin: string;
}

/** The key of this machine's gateway, made by the first `npm start`; null before. */
export async function pinnedHere(stateFolder: string): Promise<PinnedKey | null> {
  const privatePath = `${stateFolder}/local-signing.pem`;
  const exists = await access(privatePath).then(
    () => true,
    () => false,
  );
  if (!exists) return null;
  const { publicKeyPem: pem } = await localSigningKey(stateFolder);
  const fingerprints = await fingerprintsOf(pem);
  return { pem, fingerprints, place: "the gateway on this machine", signWith: privatePath, orPin: "" };
}

/**
 * @param pem what MODEL_PUBLIC_KEY is in wrangler.toml; null where it is empty
 * @throws Error with one sentence where that is no key
 */
export async function pinnedByConfig(pem: string | null): Promise<PinnedKey | null> {
  if (pem === null) return null;
  const variable = "MODEL_PUBLIC_KEY of wrangler.toml";
  try {
    const fingerprints = await fingerprintsOf(pem);
    const orPin = `, or put the public key there and deploy it first`;
    return { pem, fingerprints, place: variable, signWith: `<the private key of MODEL_PUBLIC_KEY>`, orPin };
  } catch (error) {
    throw error instanceof SignatureError ? new Error(`${variable}: ${error.message}`) : error;
  }
}

/** @throws Error with one sentence where the edge would refuse what the key in the file `given` has signed */
export async function keyFromFile(given: string, pinned: PinnedKey | null): Promise<PackageKey> {
  const pem = await readPublicKeyFile(given);
  const { fingerprint } = await readPublicKey(pem);
  if (pinned === null || pinned.fingerprints.includes(fingerprint)) return { pem, signWith: "<its private key>" };
  const { place, signWith, orPin, fingerprints } = pinned;
  const pins = fingerprints.map(short).join(" and ");
  throw new Error(
    `${given} is the key ${short(fingerprint)}, but ${place} pins ${pins}, and its edge would refuse the package: sign it with ${signWith} and publish it without --key${orPin}.`,
  );
}

async function fingerprintsOf(pem: string): Promise<string[]> {
  return (await readPublicKeys(pem)).map(({ fingerprint }) => fingerprint);
}

function short(fingerprint: string): string {
  return `${fingerprint.slice(0, 12)}…`;
}
