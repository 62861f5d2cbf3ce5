/** The package that the function will run, verified with its public key. A package that does not verify is not built. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { ManifestFile } from "../../formats/model-package/manifest.ts";
import { BUNDLE_FILE } from "../../formats/model-package/names.ts";
import { readPublicKey } from "../../formats/signature/public-key.ts";
import { SignatureError } from "../../formats/signature/signature-error.ts";
import { signForThisRun } from "../local-lambda/sign-for-this-run.ts";
import { readGatewayConfig } from "../process/wrangler-config.ts";
import { type LocalPackage, openLocalPackage } from "../spillway/model/local-package.ts";
import { pinnedByConfig } from "../spillway/model/publish/pinned-key.ts";
import { hashFolder, verifyFolder } from "../spillway/model/sign/folder.ts";
import { readPublicKeyFile } from "../spillway/model/sign/keys.ts";

interface Verified {
  /** All signed files, including the edge's. */
  files: readonly ManifestFile[];
  signatureFile: string;
  /** SPKI PEM, one or more keys. */
  publicKeyPem: string;
  /** Fingerprint of the key that made the signature. */
  keyFingerprint: string;
}

export interface SignedModel extends LocalPackage, Verified {
  signatureBytes: number;
}

export interface KeyOptions {
  /** Path of the public key; default: MODEL_PUBLIC_KEY of wrangler.toml. */
  key?: string | undefined;
  /** Environment of wrangler.toml. */
  env?: string | undefined;
  signForThisRun?: boolean | undefined;
}

/** @throws Error with one sentence that includes the next step */
export async function openSignedModel(folder: string, options: KeyOptions): Promise<SignedModel> {
  const verified = options.signForThisRun ? await signNow(folder) : await verify(folder, options);
  const opened = await openLocalPackage(folder, verified.files);
  return { ...opened, ...verified, signatureBytes: (await stat(verified.signatureFile)).size };
}

async function signNow(folder: string): Promise<Verified> {
  const { publicKeyPem, signatureFile } = await signForThisRun(folder);
  const { fingerprint: keyFingerprint } = await readPublicKey(publicKeyPem);
  return { files: await hashFolder(folder), signatureFile, publicKeyPem, keyFingerprint };
}

async function verify(folder: string, { key, env }: KeyOptions): Promise<Verified> {
  const signatureFile = join(folder, BUNDLE_FILE);
  if ((await stat(signatureFile).catch(() => null)) === null) {
    throw new Error(
      `${signatureFile} is missing, and the function runs signed packages only. Sign the package: npx spillway model sign ${folder} --key <private.pem>. To only try the build, pass --sign-for-this-run.`,
    );
  }
  const publicKeyPem = key === undefined ? await pinnedKey(env) : await readPublicKeyFile(key);
  try {
    const { files, keyFingerprint } = await verifyFolder(folder, publicKeyPem);
    return { files, signatureFile, publicKeyPem, keyFingerprint };
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new Error(`${error.message} Sign it: npx spillway model sign ${folder} --key <its private key>`);
  }
}

async function pinnedKey(env: string | undefined): Promise<string> {
  const pinned = await pinnedByConfig((await readGatewayConfig(env)).publicKeyPem);
  if (pinned !== null) return pinned.pem;
  throw new Error(
    `No key is pinned: MODEL_PUBLIC_KEY ${env === undefined ? "" : `of ${env} `}in wrangler.toml is empty. Pass the public key of the pair that signed the package: npm run build:lambda -- --key <public.pem>. The key that an environment pins: --env <name>. To only try the build: --sign-for-this-run.`,
  );
}
