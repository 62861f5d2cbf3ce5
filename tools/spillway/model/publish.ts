/** `spillway model publish`: puts a signed package into R2, on this machine or in the account. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { SignatureError } from "../../../models/sign/bundle.ts";
import { verifyFolder } from "../../../models/sign/folder.ts";
import { readPublicKeyFile } from "../../../models/sign/keys.ts";
import { withLocalBucket } from "../../publish/local-bucket.ts";
import { type Bucket, publishPackage, type SignedPackage } from "../../publish/publish.ts";
import { remoteBucket } from "../../publish/remote-bucket.ts";
import { type LocalPackage, openLocalPackage } from "../../start/local-package.ts";
import { readSettings } from "../../start/settings.ts";
import { localSigningKey } from "../../start/signing-key.ts";
import { progressBar } from "../progress-bar.ts";
import { readGatewayConfig } from "../wrangler-config.ts";

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
    .option("--key <public.pem>", "key it must be signed with; the one that the gateway pins unless given")
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
  const pinned = await pinnedKey(options);
  try {
    await verifyFolder(folder, pinned.pem);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new Error(`${error.message} Sign it: npx spillway model sign ${folder} --key ${pinned.signWith}`);
  }
  return { folder, modelId, manifest, bundle: await readFile(join(folder, "model.sig"), "utf8") };
}

async function pinnedKey({ key, local, env }: Options): Promise<{ pem: string; signWith: string }> {
  if (key !== undefined) return { pem: await readPublicKeyFile(key), signWith: "<its private key>" };
  if (local) {
    const { stateFolder } = readSettings(process.env);
    return { pem: (await localSigningKey(stateFolder)).publicKeyPem, signWith: `${stateFolder}/local-signing.pem` };
  }
  const { publicKeyPem } = await readGatewayConfig(env);
  if (publicKeyPem !== null) return { pem: publicKeyPem, signWith: "<the private key of MODEL_PUBLIC_KEY>" };
  throw new Error(
    "No key is pinned: make one with spillway model keygen, put the public half into wrangler.toml as MODEL_PUBLIC_KEY, or give --key.",
  );
}
