/** The repository's wrangler.toml without placeholders: one valid deployment in a new folder. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signFolder } from "../../../../tools/spillway/model/sign/folder.ts";
import { writeKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { writeTinyPackage } from "../../../support/model-package.ts";

export const CHECKOUT = fileURLToPath(new URL("../../../../", import.meta.url));

export interface FilledIn {
  folder: string;
  /** Path of wrangler's configuration. */
  config: string;
  /** That of the control plane. */
  controlConfig: string;
  publicKeyPem: string;
  privateKeyPem: string;
  /** A signed package, named by MODEL. */
  packageFolder: string;
  modelId: string;
  /** Path of a policy. */
  policy: string;
}

/** @param bend changes the text, to make one invalid deployment out of the valid one */
export async function fillIn(scratch: string, bend: (toml: string) => string = (same) => same): Promise<FilledIn> {
  const folder = await mkdtemp(join(scratch, "deployment-"));
  const keys = await writeKeyPair(join(folder, "signing"));
  const [privateKeyPem, publicKeyPem] = await Promise.all(
    [keys.privatePath, keys.publicPath].map((path) => readFile(path, "utf8")),
  );
  if (privateKeyPem === undefined || publicKeyPem === undefined) throw new Error("no keys were written");
  const packageFolder = join(folder, "package");
  const { modelId } = await writeTinyPackage(packageFolder);
  await signFolder(packageFolder, privateKeyPem);
  const policy = join(folder, "policy.json");
  await writeFile(policy, JSON.stringify({ version: 1, edge: { share: 10 } }));
  const config = join(folder, "wrangler.toml");
  const toml = filled(await readFile(join(CHECKOUT, "wrangler.toml"), "utf8"), publicKeyPem, modelId);
  await writeFile(config, bend(toml));
  const controlConfig = join(folder, "control-plane.toml");
  await writeFile(controlConfig, controlPlane(await readFile(join(CHECKOUT, "control-plane/wrangler.toml"), "utf8")));
  return { folder, config, controlConfig, publicKeyPem, privateKeyPem, packageFolder, modelId, policy };
}

function filled(toml: string, publicKeyPem: string, modelId: string): string {
  let namespaces = 0;
  return toml
    .replace('main = "', `main = "${CHECKOUT}`)
    .replaceAll('= "./gateway/', `= "${CHECKOUT}gateway/`)
    .replaceAll(/id = "<npx wrangler kv [^"]*>"/g, () => `id = "${(++namespaces).toString(16).padStart(32, "0")}"`)
    .replaceAll(/^<the PEM text .*>$/gm, publicKeyPem.trim())
    .replaceAll("<url-id>", "abcdefghijklmnopqrstuvwxyz")
    .replaceAll("classify.example.com", "classify.spillway.dev")
    .replaceAll(/^MODEL = ".*"/gm, `MODEL = "${modelId}"`);
}

/** The IDs of `filled`, in the order of the gateway's file. */
const IDS: Readonly<Record<string, string>> = {
  "staging POLICIES": "1",
  "staging KEYS": "2",
  "production POLICIES": "3",
  "production KEYS": "4",
};

function controlPlane(toml: string): string {
  return toml
    .replace('main = "', `main = "${CHECKOUT}control-plane/`)
    .replace('directory = "', `directory = "${CHECKOUT}control-plane/`)
    .replaceAll(
      /(\[\[env\.(\w+)\.kv_namespaces\]\]\nbinding = "(\w+)"\nid = )"<[^"]*>"/g,
      (_, head: string, environment: string, binding: string) =>
        `${head}"${(IDS[`${environment} ${binding}`] ?? "").padStart(32, "0")}"`,
    );
}
