/** `spillway model publish`: puts a signed package into R2, on this machine or in the account. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { readGatewayConfig } from "../../../process/wrangler-config.ts";
import { type LocalPackage, openLocalPackage } from "../../../start/local-package.ts";
import { readSettings } from "../../../start/settings.ts";
import { localSigningKey } from "../../../start/signing-key.ts";
import { progressBar } from "../../terminal/progress.ts";
import { verifyFolder } from "../sign/folder.ts";
import { withLocalBucket } from "./local-bucket.ts";
import { keyFromFile, type PackageKey, pinnedByConfig, pinnedHere } from "./pinned-key.ts";
import { type Bucket, publishPackage, type SignedPackage } from "./publish.ts";
import { remoteBucket } from "./remote-bucket.ts";

interface Options {
  local?: true;
  remote?: true;
  key?: string;
  env?: string;
}

export function registerPublish(model: Command): void {
  model
    .command("publish")
    .description("Put a signed package into the R2 bucket that gateways load models from.")
    .argument("<package>", "folder that spillway model sign has signed")
    .option("--local", "into the bucket on this machine, where npm start looks")
    .option("--remote", "into the account's bucket, through wrangler")
    .option("--key <public.pem>", "key it must be signed with, where it is not known here which one the gateway pins")
    .option("--env <name>", "environment of wrangler.toml, for --remote")
    .action(publish);
}

async function publish(folder: string, options: Options): Promise<void> {
  if (options.local === options.remote) {
    throw new Error("Say where to: spillway model publish <package> --local, or --remote, one of the two.");
  }
  const opened = await openLocalPackage(folder);
  const signed = await verified(opened, options);
  const bar = progressBar("publishing");
  const put = (bucket: Bucket) =>
    publishPackage(signed, bucket, (file, sent, total) => bar.update(sent, total, file)).finally(bar.stop);
  if (options.local) await withLocalBucket(readSettings(process.env).persistFolder, put);
  else await put(remoteBucket((await readGatewayConfig(options.env)).bucketName));
  console.error(`  ✓ published. Isolates that pin the key it was signed with load it when the policy names it:`);
  console.error(`    npx spillway policy set model ${opened.modelId}${options.remote ? " --remote" : ""}`);
  console.error("    The origin goes on with the package that it was deployed with.");
  console.log(opened.modelId);
}

/** A package that the gateway would refuse is not published. */
async function verified({ folder, modelId, manifest }: LocalPackage, options: Options): Promise<SignedPackage> {
  const key = await keyFor(options);
  try {
    await verifyFolder(folder, key.pem);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new Error(`${error.message} Sign it: npx spillway model sign ${folder} --key ${key.signWith}`);
  }
  return { folder, modelId, manifest, bundle: await readFile(join(folder, "model.sig"), "utf8") };
}

async function keyFor({ key, local, env }: Options): Promise<PackageKey> {
  const { stateFolder } = readSettings(process.env);
  const pinned = local
    ? await pinnedHere(stateFolder)
    : await pinnedByConfig((await readGatewayConfig(env)).publicKeyPem);
  if (key !== undefined) return keyFromFile(key, pinned);
  if (pinned !== null) return pinned;
  if (local) {
    const { publicKeyPem } = await localSigningKey(stateFolder);
    return { pem: publicKeyPem, signWith: `${stateFolder}/local-signing.pem` };
  }
  throw new Error(
    "No key is pinned: make one with spillway model keygen, put the public half into wrangler.toml as MODEL_PUBLIC_KEY, or give --key.",
  );
}
