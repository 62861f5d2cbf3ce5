/** What admission would measure of a text, from a package on this machine. */
import { Experience } from "../../gateway/edge/experience.ts";
import { createTokenizer } from "../../gateway/edge/tokenizer.ts";
import { openLocalPackage, readPackageFile } from "../start/local-package.ts";

export interface PackageNumbers {
  /** `<name>@<sha256>` */
  modelId: string;
  version: number;
  tokens: number;
  /** Predicted time of its inference at the edge. */
  runMs: number;
  maxTokens: number;
}

/** @throws Error with one sentence when there is no package, or none for the edge */
export async function packageNumbers(folder: string, text: string): Promise<PackageNumbers> {
  const { manifest, modelId } = await openLocalPackage(folder);
  const { edge, tokenizer } = manifest;
  if (edge === null) throw new Error(`${folder} is packed for the origin alone: every text goes there.`);
  const read = async (file: string) => new TextDecoder().decode(await readPackageFile(folder, file));
  const { encode } = createTokenizer(await read(tokenizer.file), await read(tokenizer.configFile));
  const tokens = encode(text).length;
  const experience = new Experience({ modelId, manifest, edge });
  return {
    modelId,
    version: manifest.version,
    tokens,
    runMs: experience.predictedMs(tokens),
    maxTokens: experience.maxTokens(),
  };
}
