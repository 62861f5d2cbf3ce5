/** The package that the function is to run, and the key that it is signed with: what does not verify here is not built in. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE_FILE } from "../../formats/model-package/contents.ts";
import type { Manifest } from "../../formats/model-package/manifest.ts";
import { readPublicKey } from "../../formats/signature/public-key.ts";
import { SignatureError } from "../../formats/signature/signature-error.ts";
import { type FolderFile, MANIFEST_FILE, parseManifest } from "../../lambda-origin/package-files.ts";
import { signForThisRun } from "../local-lambda/sign-for-this-run.ts";
import { readGatewayConfig } from "../process/wrangler-config.ts";
import { pinnedByConfig } from "../spillway/model/publish/pinned-key.ts";
import { hashFolder, identifyPackage, verifyFolder } from "../spillway/model/sign/folder.ts";
import { readPublicKeyFile } from "../spillway/model/sign/keys.ts";

export interface SignedModel {
  folder: string;
  modelId: string;
  manifest: Manifest;
  /** All that is signed, the edge's file among it. */
  files: readonly FolderFile[];
  signatureFile: string;
  signatureBytes: number;
  publicKeyPem: string;
  keyFingerprint: string;
}

export interface KeyOptions {
  /** Path of the public key; else the one that wrangler.toml pins. */
  key?: string | undefined;
  /** Environment of wrangler.toml. */
  env?: string | undefined;
  signForThisRun?: boolean | undefined;
}

/** @throws Error with one sentence that tells the next step */
export async function openSignedModel(folder: string, options: KeyOptions): Promise<SignedModel> {
  const { files, signatureFile, publicKeyPem } = options.signForThisRun
    ? await signedNow(folder)
    : await signedBefore(folder, options);
  const modelId = await identifyPackage(folder, files);
  if (modelId === undefined) {
    throw new Error(
      `${folder} is not a model package: it has no manifest.json of one. Make it with spillway model pack.`,
    );
  }
  return {
    folder,
    modelId,
    manifest: parseManifest(await readFile(join(folder, MANIFEST_FILE))),
    files,
    signatureFile,
    signatureBytes: (await stat(signatureFile)).size,
    publicKeyPem,
    keyFingerprint: (await readPublicKey(publicKeyPem)).fingerprint,
  };
}

async function signedNow(folder: string) {
  return { ...withFile(await signForThisRun(folder)), files: await hashFolder(folder) };
}

function withFile({ publicKeyPem, signatureFile }: Awaited<ReturnType<typeof signForThisRun>>) {
  if (signatureFile === undefined) throw new Error("the package was signed without a signature file");
  return { publicKeyPem, signatureFile };
}

async function signedBefore(folder: string, { key, env }: KeyOptions) {
  const signatureFile = join(folder, BUNDLE_FILE);
  if ((await stat(signatureFile).catch(() => undefined)) === undefined) {
    const signIt = `npx spillway model sign ${folder} --key <private.pem>`;
    throw new Error(
      `${signatureFile} is missing, and the function runs only what is signed. Sign the package: ${signIt}`,
    );
  }
  const publicKeyPem = key === undefined ? await pinnedKey(env) : await readPublicKeyFile(key);
  try {
    const { files } = await verifyFolder(folder, publicKeyPem);
    return { files, signatureFile, publicKeyPem };
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new Error(`${error.message} Sign it: npx spillway model sign ${folder} --key <the private half of that key>`);
  }
}

async function pinnedKey(env: string | undefined): Promise<string> {
  const pinned = await pinnedByConfig((await readGatewayConfig(env)).publicKeyPem);
  if (pinned !== null) return pinned.pem;
  throw new Error(
    "MODEL_PUBLIC_KEY of wrangler.toml is empty, so it is not known which key the package must be signed with: put the public key there, or name its file with --key <public.pem>.",
  );
}
