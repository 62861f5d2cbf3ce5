/** `spillway model verify`: whether a folder is what the holder of a key signed. */
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { shortModelId } from "../../../models/manifest.ts";
import { verifyFolder } from "../../../models/sign/folder.ts";
import { readPublicKeyFile } from "../../../models/sign/keys.ts";
import { identifyPackage } from "../../../models/sign/package.ts";

export function registerVerify(model: Command): void {
  model
    .command("verify")
    .description("Verify a signed model folder: its signature, and that each file is the one that was signed.")
    .argument("<package>", "folder with a model.sig (OpenSSF Model Signing v1.0), by whatever tool")
    .requiredOption("--key <public.pem>", "the signer's public key, P-256 or P-384")
    .action(verify);
}

async function verify(folder: string, { key }: { key: string }): Promise<void> {
  const { files, keyFingerprint } = await verifyFolder(folder, await readPublicKeyFile(key));
  const modelId = await identifyPackage(folder, files);
  const name = modelId === undefined ? basename(resolve(folder)) : shortModelId(modelId);
  console.log(`verified ${name}, ${files.length} files, signed with the key ${keyFingerprint}`);
}
