/**
 * What somebody who deploys the function does before it runs: signs the package. Here with a key pair that is as old as this
 * run, so that the instances verify as they do on Lambda, whatever is in the folder, and need no switch to leave it out.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { hashFolder } from "../spillway/model/sign/folder.ts";
import { generateKeyPair } from "../spillway/model/sign/keys.ts";
import { signBundle } from "../spillway/model/sign/sign-bundle.ts";
import type { ModelTrust } from "./settings.ts";

/**
 * Writes nothing into the folder: the bundle lies in a temporary one of this user's, removed when this process exits. The
 * private key is never written, and forgotten on return.
 * @throws Error with one sentence for a folder that cannot be signed
 */
export async function signForThisRun(modelFolder: string): Promise<ModelTrust> {
  const { privateKey, publicKey } = generateKeyPair();
  const bundle = await bundleOf(modelFolder, privateKey);
  // mkdtemp makes it for its owner alone.
  const folder = mkdtempSync(join(tmpdir(), "spillway-origin-signature-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const signatureFile = join(folder, "model.sig");
  writeFileSync(signatureFile, bundle, { mode: 0o600, flag: "wx" });
  return { publicKeyPem: publicKey, signatureFile };
}

async function bundleOf(modelFolder: string, privateKey: string): Promise<string> {
  try {
    const resources = await hashFolder(modelFolder);
    return await signBundle({ modelName: basename(modelFolder), resources, ignorePaths: [] }, privateKey);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`the local origin cannot start: SPILLWAY_MODEL_DIR names no folder that can be signed (${detail})`);
  }
}
