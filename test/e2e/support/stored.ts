/** What a running system stores, changed at once: wrangler's command would take three seconds to start. */
import { withLocalBindings } from "../../../tools/process/run-wrangler.ts";
import { askByContract, type Running, until } from "./system.ts";

interface Stores {
  POLICIES: { put(key: string, text: string): Promise<void>; delete(key: string): Promise<void> };
  MODELS: { put(key: string, bytes: Uint8Array): Promise<unknown> };
}

function withStores(system: Running, work: (stores: Stores) => Promise<void>): Promise<void> {
  return withLocalBindings<Stores, void>(`${system.stateFolder}/wrangler`, undefined, work);
}

/** Stores a policy without the spillway command. Text is stored as it is. */
export function storePolicy(system: Running, policy: object | string): Promise<void> {
  const text = typeof policy === "string" ? policy : JSON.stringify(policy);
  return withStores(system, ({ POLICIES }) => POLICIES.put("policy", text));
}

/** Stores a policy, and resolves when the gateway uses it. */
export async function applyPolicy(
  system: Running,
  policy: { version: number } & Record<string, unknown>,
): Promise<void> {
  await storePolicy(system, policy);
  await until(`policy ${policy.version}`, async () => {
    // A probe reads the policy as requests do.
    const { body } = await askByContract(system, "/readyz");
    return body.policy.version === policy.version;
  });
}

/** From then on the defaults are in force. */
export function removePolicy(system: Running): Promise<void> {
  return withStores(system, ({ POLICIES }) => POLICIES.delete("policy"));
}

/** Replaces one file of a published package. */
export function storeModelFile(system: Running, key: string, bytes: Uint8Array): Promise<void> {
  return withStores(system, async ({ MODELS }) => void (await MODELS.put(key, bytes)));
}
