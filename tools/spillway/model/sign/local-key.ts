/** The key that this machine's own bucket is signed with: made at the first start, kept with the other local state. */
import { createPublicKey } from "node:crypto";
import { access } from "node:fs/promises";
import type { SignedPackage } from "../spillway/model/publish/publish.ts";
import { hashFolder } from "../spillway/model/sign/folder.ts";
import { readPrivateKeyFile, writeKeyPair } from "../spillway/model/sign/keys.ts";
import { signBundle } from "../spillway/model/sign/sign-bundle.ts";
import type { LocalPackage } from "./local-package.ts";

export interface SigningKey {
  privateKeyPem: string;
  publicKeyPem: string;
}

export async function localSigningKey(stateFolder: string): Promise<SigningKey> {
  const prefix = `${stateFolder}/local-signing`;
  const exists = await access(`${prefix}.pem`).then(
    () => true,
    () => false,
  );
  if (!exists) await writeKeyPair(prefix);
  const privateKeyPem = await readPrivateKeyFile(`${prefix}.pem`);
  const publicKeyPem = createPublicKey(privateKeyPem).export({ type: "spki", format: "pem" }).toString();
  return { privateKeyPem, publicKeyPem };
}

/** Signs for this machine alone: nothing is written into the package's folder. */
export async function signLocally(opened: LocalPackage, { privateKeyPem }: SigningKey): Promise<SignedPackage> {
  const { folder, modelId, manifest } = opened;
  const resources = await hashFolder(folder);
  const bundle = await signBundle({ modelName: manifest.name, resources, ignorePaths: [] }, privateKeyPem);
  return { folder, modelId, manifest, bundle };
}
