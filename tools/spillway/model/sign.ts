/** `spillway model sign`: signs a package, if it is whole. */
import type { Command } from "commander";
import { shortModelId } from "../../../models/manifest.ts";
import { hashFolder, signFolder } from "../../../models/sign/folder.ts";
import { readPrivateKeyFile } from "../../../models/sign/keys.ts";
import { identifyPackage } from "../../../models/sign/package.ts";

export function registerSign(model: Command): void {
  model
    .command("sign")
    .description("Sign a packed model: writes model.sig (OpenSSF Model Signing v1.0) into its folder.")
    .argument("<package>", "folder that spillway model pack wrote")
    .requiredOption("--key <private.pem>", "private key of P-256 or P-384; see spillway model keygen")
    .action(sign);
}

async function sign(folder: string, { key }: { key: string }): Promise<void> {
  const privateKeyPem = await readPrivateKeyFile(key);
  const files = await hashFolder(folder);
  const modelId = await identifyPackage(folder, files);
  if (modelId === undefined) {
    throw new Error(
      `${folder} is not a model package: it has no manifest.json of one. Make it with spillway model pack.`,
    );
  }
  await signFolder(folder, privateKeyPem, files);
  console.log(`signed ${shortModelId(modelId)}, ${files.length} files`);
}
