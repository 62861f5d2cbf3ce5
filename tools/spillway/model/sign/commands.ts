/** `spillway model keygen`: a key pair for signing packages. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { shortModelId } from "../../../../formats/model-package/manifest.ts";
import { hashFolder, identifyPackage, signFolder, verifyFolder } from "./folder.ts";
import { CURVE_NAMES, type CurveName, readPrivateKeyFile, readPublicKeyFile, writeKeyPair } from "./keys.ts";

const FILE_NAME = "spillway-signing";

export function registerKeygen(model: Command): void {
  model
    .command("keygen")
    .description("Make a key pair: <prefix>.pem signs packages, <prefix>.pub.pem verifies them.")
    .option("--out <folder or prefix>", "where to write the two files", FILE_NAME)
    .addOption(new Option("--curve <curve>", "the elliptic curve").choices(CURVE_NAMES).default("p256"))
    .action(keygen);
}

async function keygen({ out, curve }: { out: string; curve: CurveName }): Promise<void> {
  const prefix = (await isFolder(out)) ? join(out, FILE_NAME) : out;
  const { privatePath, publicPath, fingerprint } = await writeKeyPair(prefix, curve);
  console.log(`public key   ${publicPath}`);
  console.log(`fingerprint  ${fingerprint}`);
  console.log(`Keep ${privatePath} secret and out of git. Next: spillway model sign <package> --key ${privatePath}`);
}

async function isFolder(path: string): Promise<boolean> {
  return path.endsWith("/") || (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** `spillway model sign`: signs a package, if it is whole. */

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

/** `spillway model verify`: whether a folder is what the holder of a key signed. */

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
