/** What a running system stores, changed at once: wrangler's command would take three seconds to start. */
import { askByContract, type Running, until } from "./system.ts";

/** Stores a policy without the spillway command. Text is stored as it is. */
export async function storePolicy({ stores }: Running, policy: object | string): Promise<void> {
  const kv = (await stores()).kv("POLICIES");
  await kv.put("policy", typeof policy === "string" ? policy : JSON.stringify(policy));
}

/** Stores a policy, and resolves when the gateway uses it. */
export async function applyPolicy(
  system: Running,
  policy: { version: number } & Record<string, unknown>,
): Promise<void> {
  await storePolicy(system, policy);
  await inForce(system, policy.version);
}

function inForce(system: Running, version: number): Promise<boolean> {
  return until(`policy ${version}`, async () => {
    // A probe reads the policy as requests do.
    const { body } = await askByContract(system, "/readyz");
    return body.policy.version === version;
  });
}

/** Removes the policy, and resolves when the gateway uses the defaults. */
export async function useDefaults(system: Running): Promise<void> {
  await removePolicy(system);
  await inForce(system, 0);
}

/** From then on the defaults are in force. */
export async function removePolicy({ stores }: Running): Promise<void> {
  await (await stores()).kv("POLICIES").delete("policy");
}

/** Replaces one file of a published package. */
export async function storeModelFile({ stores }: Running, key: string, bytes: Uint8Array): Promise<void> {
  await (await stores()).bucket("MODELS").put(key, bytes);
}
