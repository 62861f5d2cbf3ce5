/**
 * Signs the package with a key pair that exists for this run only. The instances then verify it as they do on Lambda, and need no
 * switch that turns verification off.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { BUNDLE_FILE } from "../../formats/model-package/names.ts";
import { hashFolder } from "../spillway/model/sign/folder.ts";
import { generateKeyPair } from "../spillway/model/sign/keys.ts";
import { signBundle } from "../spillway/model/sign/sign-bundle.ts";
import { oneSentence } from "../spillway/terminal/one-sentence.ts";

export interface RunSignature {
  /** SPKI PEM */
  publicKeyPem: string;
  /** Path of the signature, in a temporary folder of this user. */
  signatureFile: string;
}

/**
 * Writes nothing into the package's folder. The signature is removed when this process exits; the private key is never written.
 * @throws Error with one sentence if the folder cannot be signed
 */
export async function signForThisRun(modelFolder: string): Promise<RunSignature> {
  const { privateKey, publicKey } = generateKeyPair();
  const bundle = await bundleOf(modelFolder, privateKey);
  // mkdtemp's folders are readable by their owner only.
  const folder = mkdtempSync(join(tmpdir(), "spillway-origin-signature-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const signatureFile = join(folder, BUNDLE_FILE);
  writeFileSync(signatureFile, bundle, { mode: 0o600, flag: "wx" });
  return { publicKeyPem: publicKey, signatureFile };
}

async function bundleOf(modelFolder: string, privateKey: string): Promise<string> {
  try {
    const resources = await hashFolder(modelFolder);
    return await signBundle({ modelName: basename(modelFolder), resources, ignorePaths: [] }, privateKey);
  } catch (error) {
    throw new Error(`${modelFolder} cannot be signed; check SPILLWAY_MODEL_DIR (${oneSentence(error)})`);
  }
}
