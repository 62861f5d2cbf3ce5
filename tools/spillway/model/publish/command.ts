/** `spillway model publish`: puts a signed package into R2, on this machine or in the Cloudflare account. */
import { join } from "node:path";
import type { Command } from "commander";
import { BUNDLE_FILE } from "../../../../formats/model-package/names.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { localSettings } from "../../../process/local-settings.ts";
import { readUserText } from "../../../process/read-text.ts";
import { readGatewayConfig } from "../../../process/wrangler-config.ts";
import { whereWords } from "../../kv/where.ts";
import { stderrProgress } from "../../terminal/progress.ts";
import { openLocalPackage, type SignedPackage } from "../local-package.ts";
import { verifyFolder } from "../sign/folder.ts";
import { localKeyPath, localSigningKey } from "../sign/local-key.ts";
import { type Bucket, remoteBucket, withLocalBucket } from "./bucket.ts";
import { keyFromFile, type PackageKey, pinnedByConfig, pinnedHere } from "./pinned-key.ts";
import { publishPackage } from "./publish.ts";

interface Options {
  local?: true;
  remote?: true;
  key?: string;
  env?: string;
}

/** Adds the subcommand `publish`. */
export function registerPublish(model: Command): void {
  model
    .command("publish")
    .description("Put a signed package into the R2 bucket that gateways load models from.")
    .argument("<package>", "folder that spillway model sign has signed")
    .option("--local", "into the bucket on this machine, where npm start looks")
    .option("--remote", "into the account's bucket, through wrangler")
    .option("--key <public.pem>", "public key of the signature; default: the key that the gateway pins")
    .option("--env <name>", "environment of wrangler.toml, for --remote")
    .action(publish);
}

async function publish(folder: string, options: Options): Promise<void> {
  if (options.local === options.remote) {
    throw new Error("Pass one of --local and --remote: spillway model publish <package> --local");
  }
  const signed = await openSigned(folder, options);
  const put = (bucket: Bucket) => publishPackage(signed, bucket, stderrProgress());
  if (options.local) await withLocalBucket(localSettings(process.env).persistFolder, put);
  else await put(remoteBucket((await readGatewayConfig(options.env)).bucket));
  if (signed.manifest.edge === null) {
    console.error("  ! packed for the origin only: a gateway that loads it sends every text to the origin.");
  }
  console.error("  ✓ published. Gateways that pin the signer's key load it when the policy names it:");
  console.error(`    npx spillway policy set model ${signed.modelId}${whereWords(options)}`);
  console.error("    The origin continues with the package that it was deployed with.");
  console.log(signed.modelId);
}

/** Refuses a package that the gateway would reject. */
async function openSigned(folder: string, options: Options): Promise<SignedPackage> {
  // First the manifest: a folder that is not a package needs packing, not signing.
  const opened = await openLocalPackage(folder);
  const key = await keyFor(options);
  try {
    await verifyFolder(folder, key.pem);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new Error(`${error.message} Sign it: npx spillway model sign ${folder} --key ${key.signWith}`);
  }
  return { ...opened, bundle: await readUserText(join(folder, BUNDLE_FILE)) };
}

async function keyFor({ key, local, env }: Options): Promise<PackageKey> {
  const { stateFolder } = localSettings(process.env);
  const pinned = local
    ? await pinnedHere(stateFolder)
    : await pinnedByConfig((await readGatewayConfig(env)).publicKeyPem);
  if (key !== undefined) return keyFromFile(key, pinned);
  if (pinned !== null) return pinned;
  if (local) {
    const { publicKeyPem } = await localSigningKey(stateFolder);
    return { pem: publicKeyPem, signWith: localKeyPath(stateFolder) };
  }
  throw new Error(
    "No key is pinned: make one with spillway model keygen, put the public key into wrangler.toml as MODEL_PUBLIC_KEY, or pass --key.",
  );
}
