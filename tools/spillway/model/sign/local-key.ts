/** The key pair of this machine: `npm start` makes it once, and signs the local bucket's packages with it. */
import { createPublicKey } from "node:crypto";
import { access } from "node:fs/promises";
import type { LocalPackage, SignedPackage } from "../local-package.ts";
import { hashFolder } from "./folder.ts";
import { readPrivateKeyFile, writeKeyPair } from "./keys.ts";
import { signBundle } from "./sign-bundle.ts";

export interface SigningKey {
  /** PKCS#8 PEM */
  privateKeyPem: string;
  /** SPKI PEM */
  publicKeyPem: string;
}

/** Name of the key's files in the folder for local state, without their endings. */
const KEY_NAME = "local-signing";

/** Path of the private key. */
export function localKeyPath(stateFolder: string): string {
  return `${stateFolder}/${KEY_NAME}.pem`;
}

/** Whether this machine has its key already. */
export function hasLocalKey(stateFolder: string): Promise<boolean> {
  return access(localKeyPath(stateFolder)).then(
    () => true,
    () => false,
  );
}

/** This machine's key, made if there is none yet. @throws Error with one sentence if it cannot be read or written */
export async function localSigningKey(stateFolder: string): Promise<SigningKey> {
  if (!(await hasLocalKey(stateFolder))) await writeKeyPair(`${stateFolder}/${KEY_NAME}`);
  const privateKeyPem = await readPrivateKeyFile(localKeyPath(stateFolder));
  const publicKeyPem = createPublicKey(privateKeyPem).export({ type: "spki", format: "pem" }).toString();
  return { privateKeyPem, publicKeyPem };
}

/** Signs a package for this machine only: nothing is written into its folder. */
export async function signLocally(opened: LocalPackage, { privateKeyPem }: SigningKey): Promise<SignedPackage> {
  const { folder, manifest } = opened;
  const resources = await hashFolder(folder);
  const bundle = await signBundle({ modelName: manifest.name, resources, ignorePaths: [] }, privateKeyPem);
  return { ...opened, bundle };
}
