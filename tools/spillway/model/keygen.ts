/** `spillway model keygen`: a key pair for signing packages. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { CURVE_NAMES, type CurveName, writeKeyPair } from "../../../models/sign/keys.ts";

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
