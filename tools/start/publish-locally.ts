/** Puts a package's edge files into the local R2 that wrangler uses, once per digest. */
import { getPlatformProxy } from "wrangler";
import { objectKey } from "../../models/manifest.ts";
import { type LocalPackage, readPackageFile } from "./local-package.ts";
import { offlineWrangler } from "./offline-wrangler.ts";

interface LocalEnv {
  MODELS: {
    head(key: string): Promise<unknown>;
    put(key: string, value: Uint8Array): Promise<unknown>;
  };
}

/** `persistFolder` as wrangler's `--persist-to` takes it. */
export async function publishLocally(opened: LocalPackage, persistFolder: string): Promise<void> {
  Object.assign(process.env, offlineWrangler);
  // The API wants the version folder that the command line adds by itself.
  const proxy = await getPlatformProxy<LocalEnv>({ persist: { path: `${persistFolder}/v3` } });
  try {
    const { MODELS } = proxy.env;
    const manifestKey = objectKey(opened.modelId, "manifest.json");
    if ((await MODELS.head(manifestKey)) !== null) return;
    const { tokenizer, edge } = opened.manifest;
    // The manifest last: where it stands, everything it names stands too.
    for (const name of [tokenizer.file, tokenizer.configFile, edge.file, "manifest.json"]) {
      await MODELS.put(objectKey(opened.modelId, name), await readPackageFile(opened.folder, name));
    }
  } finally {
    await proxy.dispose();
  }
}
