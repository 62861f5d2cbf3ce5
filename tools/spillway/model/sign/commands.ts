/** `spillway model keygen`, `sign` and `verify`. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { isObject, parseJson } from "../../../../formats/json.ts";
import { MANIFEST_FILE, shortModelId } from "../../../../formats/model-package/names.ts";
import { makeFolder } from "../../../process/make-folder.ts";
import { openLocalPackage } from "../local-package.ts";
import { hashFolder, signFolder, verifyFolder } from "./folder.ts";
import { CURVE_NAMES, type CurveName, readPrivateKeyFile, readPublicKeyFile, writeKeyPair } from "./keys.ts";

const FILE_NAME = "spillway-signing";

/** Adds the subcommand `keygen`. */
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
  await makeFolder(dirname(prefix));
  const { privatePath, publicPath, fingerprint } = await writeKeyPair(prefix, curve);
  console.log(`public key   ${publicPath}`);
  console.log(`fingerprint  ${fingerprint}`);
  console.log(`Keep ${privatePath} secret and out of git. Next: spillway model sign <package> --key ${privatePath}`);
}

async function isFolder(path: string): Promise<boolean> {
  return path.endsWith("/") || (await stat(path).catch(() => null))?.isDirectory() === true;
}

/** Adds the subcommand `sign`. */
export function registerSign(model: Command): void {
  model
    .command("sign")
    .description("Sign a packed model: writes model.sig (OpenSSF Model Signing v1.0) into its folder.")
    .argument("<package>", "folder that spillway model pack wrote")
    .requiredOption("--key <private.pem>", "private key, P-256 or P-384; see spillway model keygen")
    .action(sign);
}

/** Signs a package only if its files are the ones that its manifest lists. */
async function sign(folder: string, { key }: { key: string }): Promise<void> {
  const privateKeyPem = await readPrivateKeyFile(key);
  const files = await hashFolder(folder);
  const { modelId } = await openLocalPackage(folder, files);
  await signFolder(folder, privateKeyPem, files);
  console.log(`signed ${shortModelId(modelId)}, ${files.length} files`);
}

/** Adds the subcommand `verify`. */
export function registerVerify(model: Command): void {
  model
    .command("verify")
    .description("Verify a signed model folder: its signature, and that each file is the one that was signed.")
    .argument("<package>", "folder with a model.sig (OpenSSF Model Signing v1.0), made by any tool")
    .requiredOption("--key <public.pem>", "the signer's public key, P-256 or P-384")
    .action(verify);
}

async function verify(folder: string, { key }: { key: string }): Promise<void> {
  const { files, keyFingerprint } = await verifyFolder(folder, await readPublicKeyFile(key));
  const name = (await isSpillwayPackage(folder))
    ? shortModelId((await openLocalPackage(folder, files)).modelId)
    : basename(resolve(folder));
  console.log(`verified ${name}, ${files.length} files, signed with the key ${keyFingerprint}`);
}

/** Other tools sign folders too, and some have a manifest.json of another kind. */
async function isSpillwayPackage(folder: string): Promise<boolean> {
  const manifest = parseJson(await readFile(join(folder, MANIFEST_FILE), "utf8").catch(() => ""));
  return isObject(manifest) && String(manifest["format"]).startsWith("spillway-model/");
}
