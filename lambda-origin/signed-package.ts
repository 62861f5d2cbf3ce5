/** The package that the function was deployed with: opened with the pinned key, and its files read. */
import { type Manifest, originFileNames } from "../formats/model-package/manifest.ts";
import { openSignedPackage } from "../formats/model-package/open-package.ts";
import { faultSentence, folderSource, readVerified } from "./package-folder.ts";

/** Where the package is, and which key it must be signed with: the function's configuration. */
export interface PackageSettings {
  /** `SPILLWAY_MODEL_DIR` */
  folder: string | undefined;
  /** `MODEL_PUBLIC_KEY`: SPKI PEM, the key that the Worker pins too. */
  publicKeyPem: string | undefined;
  /** `SPILLWAY_MODEL_SIGNATURE`: path of the signature, if it is not `model.sig` in the folder. */
  signatureFile?: string | undefined;
}

/** The bytes of the files that the origin runs. */
export interface OriginFiles {
  model: Uint8Array;
  /** JSON */
  tokenizer: string;
  /** JSON */
  tokenizerConfig: string;
}

export interface SignedPackage extends OriginFiles {
  /** `<name>@<SHA-256 of the manifest's bytes>` */
  modelId: string;
  manifest: Manifest;
}

/** @throws Error with one sentence that states why the package is not trusted, or why it cannot be read */
export async function readSignedPackage({
  folder,
  publicKeyPem,
  signatureFile,
}: PackageSettings): Promise<SignedPackage> {
  if (!folder) throw new Error("SPILLWAY_MODEL_DIR is not set; set it to the folder of a model package");
  const result = await openSignedPackage(folderSource(folder, signatureFile || undefined), {
    publicKeyPem: publicKeyPem ?? "",
    modelId: null,
    minVersion: 0,
    needed: originFileNames,
  });
  if (!result.ok) throw new Error(faultSentence(result.fault));
  const { modelId, manifest } = result.opened;
  return { modelId, manifest, ...(await readOriginFiles(folder, manifest)) };
}

/** Every file is read once, and verified before it is used. @throws Error that names the file and what is wrong with it */
export async function readOriginFiles(folder: string, manifest: Manifest): Promise<OriginFiles> {
  const [modelFile, tokenizerFile, configFile] = originFileNames(manifest);
  const [model, tokenizer, tokenizerConfig] = await Promise.all([
    readVerified(folder, manifest, modelFile),
    readVerified(folder, manifest, tokenizerFile),
    readVerified(folder, manifest, configFile),
  ]);
  const decoder = new TextDecoder();
  return { model, tokenizer: decoder.decode(tokenizer), tokenizerConfig: decoder.decode(tokenizerConfig) };
}
