/** Puts a policy into a gateway's KV before it starts. */
import { getPlatformProxy } from "wrangler";
import type { z } from "zod";
import { policySchema } from "../../policies/schema.ts";
import { offlineWrangler } from "../../tools/start/offline-wrangler.ts";

export type PolicyDocument = z.input<typeof policySchema>;

/** `persistFolder` as wrangler's `--persist-to` takes it. */
export async function writePolicy(persistFolder: string, document: PolicyDocument): Promise<void> {
  Object.assign(process.env, offlineWrangler);
  const proxy = await getPlatformProxy<{ POLICIES: { put(key: string, value: string): Promise<void> } }>({
    // The API wants the version folder that the command line adds by itself.
    persist: { path: `${persistFolder}/v3` },
  });
  try {
    await proxy.env.POLICIES.put("policy", JSON.stringify(policySchema.parse(document)));
  } finally {
    await proxy.dispose();
  }
}
