/** The key that a package must be signed with to be published: the one that the target's gateway pins, if it is known. */
import { readPublicKey, readPublicKeys } from "../../../../formats/signature/public-key.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { readPublicKeyFile } from "../sign/keys.ts";
import { hasLocalKey, localKeyPath, localSigningKey } from "../sign/local-key.ts";

export interface PackageKey {
  /** SPKI PEM, one or more keys. */
  pem: string;
  /** Path or description of the private key, for `--key` of `spillway model sign`. */
  signWith: string;
}

export interface PinnedKey extends PackageKey {
  /** Where it is pinned, for people. */
  place: string;
  /** One, or the old and the new one during a key rotation. */
  fingerprints: readonly string[];
  /** How to pin another key, as the end of a sentence; empty if it cannot be changed. */
  orPin: string;
}

/** The key of this machine's gateway, which the first `npm start` makes; null before. */
export async function pinnedHere(stateFolder: string): Promise<PinnedKey | null> {
  if (!(await hasLocalKey(stateFolder))) return null;
  const { publicKeyPem: pem } = await localSigningKey(stateFolder);
  const fingerprints = await fingerprintsOf(pem);
  const signWith = localKeyPath(stateFolder);
  return { pem, fingerprints, place: "the gateway on this machine", signWith, orPin: "" };
}

/**
 * @param pem the value of MODEL_PUBLIC_KEY in wrangler.toml; null if it is empty
 * @throws Error with one sentence if the value is not a key
 */
export async function pinnedByConfig(pem: string | null): Promise<PinnedKey | null> {
  if (pem === null) return null;
  const variable = "MODEL_PUBLIC_KEY of wrangler.toml";
  try {
    const fingerprints = await fingerprintsOf(pem);
    const orPin = ", or set that variable to the new public key and deploy first";
    return { pem, fingerprints, place: variable, signWith: "<the private key of MODEL_PUBLIC_KEY>", orPin };
  } catch (error) {
    throw error instanceof SignatureError ? new Error(`${variable}: ${error.message}`) : error;
  }
}

/** @throws Error with one sentence if the edge would reject packages that the key in the file `given` has signed */
export async function keyFromFile(given: string, pinned: PinnedKey | null): Promise<PackageKey> {
  const pem = await readPublicKeyFile(given);
  const { fingerprint } = await readPublicKey(pem);
  if (pinned === null || pinned.fingerprints.includes(fingerprint)) return { pem, signWith: "<its private key>" };
  const { place, signWith, orPin, fingerprints } = pinned;
  const pins = fingerprints.map(short).join(" and ");
  throw new Error(
    `${given} is the key ${short(fingerprint)}, but ${place} pins ${pins}: the edge would reject the package. Sign it with ${signWith} and publish without --key${orPin}.`,
  );
}

async function fingerprintsOf(pem: string): Promise<string[]> {
  return (await readPublicKeys(pem)).map(({ fingerprint }) => fingerprint);
}

function short(fingerprint: string): string {
  return `${fingerprint.slice(0, 12)}…`;
}
