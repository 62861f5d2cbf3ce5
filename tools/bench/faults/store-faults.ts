/** Faults of Workers KV: the policy and the API keys. */
import { POLICY_KEY } from "../../../policies/store.ts";
import type { Controls, StoreFault } from "./controls.ts";
import type { Fault } from "./fault.ts";
import type { FaultySystem } from "./system.ts";

/** The isolate's clock is set forward by this much, so that it reads policy (4 s) and keys (20 s) again at once. */
const AGED: Partial<Controls> = { clockOffsetMs: 25_000 };

const endAged = ({ set }: FaultySystem) => set(AGED);

function storeFault(
  name: string,
  controls: Partial<Controls>,
  { isCold, isQuick, mayRefuseShort }: { isCold: boolean; isQuick: boolean; mayRefuseShort?: string },
): Fault {
  return {
    name,
    part: "stores",
    isQuick,
    begin: async ({ set, newIsolate }) => {
      await set(isCold ? controls : { ...AGED, ...controls });
      if (isCold) await newIsolate();
    },
    end: isCold ? ({ set }) => set({}) : endAged,
    ...(mayRefuseShort !== undefined && { mayRefuseShort }),
  };
}

const policies = (["down", "slow", "hang"] as const).flatMap((fault: StoreFault) => [
  storeFault(`stores: KV of policies: ${fault}`, { policies: fault }, { isCold: false, isQuick: fault !== "hang" }),
  storeFault(
    `stores: KV of policies: ${fault}, in a new isolate`,
    { policies: fault },
    { isCold: true, isQuick: false },
  ),
]);

/** A document that is really stored, in an isolate that has the right one. */
function storedPolicy(name: string, text: (system: FaultySystem) => string | null, isQuick: boolean): Fault {
  return {
    name,
    part: "stores",
    isQuick,
    begin: async (system) => {
      const stored = text(system);
      if (stored === null) await system.deleteStored("POLICIES", POLICY_KEY);
      else await system.writeStored("POLICIES", POLICY_KEY, stored);
      await system.set(AGED);
    },
    end: async (system) => {
      await system.writeStored("POLICIES", POLICY_KEY, JSON.stringify(system.policy));
      // Again later than the last read.
      await system.set({ clockOffsetMs: 2 * (AGED.clockOffsetMs ?? 0) });
    },
  };
}

const changed =
  (change: object) =>
  ({ policy }: FaultySystem) =>
    JSON.stringify({ ...policy, ...change });

const documents = [
  storedPolicy("stores: a broken policy", ({ policy }) => JSON.stringify(policy).slice(0, -9), true),
  storedPolicy("stores: a policy of another shape", changed({ edge: { share: "all" } }), false),
  storedPolicy("stores: an older version of the policy", changed({ version: 1, override: "origin" }), true),
  storedPolicy("stores: the policy is deleted", () => null, false),
];

const stale: Fault = {
  name: "stores: KV of policies is stale",
  part: "stores",
  isQuick: true,
  begin: async ({ set, writeStored, policy }) => {
    await set({ ...AGED, policies: "stale" });
    await writeStored("POLICIES", POLICY_KEY, JSON.stringify({ ...policy, version: (policy.version ?? 0) + 1 }));
  },
  end: async ({ set, writeStored, policy }) => {
    await writeStored("POLICIES", POLICY_KEY, JSON.stringify(policy));
    await set(AGED);
  },
};

const NO_KEYS = "A new isolate cannot know whether a key is valid.";
const keys = [
  storeFault("stores: KV of keys: down", { keys: "down" }, { isCold: false, isQuick: true }),
  storeFault("stores: KV of keys: slow", { keys: "slow" }, { isCold: false, isQuick: false }),
  storeFault("stores: KV of keys: hang", { keys: "hang" }, { isCold: false, isQuick: false }),
  storeFault(
    "stores: KV of keys: down, in a new isolate",
    { keys: "down" },
    { isCold: true, isQuick: false, mayRefuseShort: NO_KEYS },
  ),
];

/** @returns the faults in the order in which they are run */
export function storeFaults(): Fault[] {
  return [...policies, stale, ...documents, ...keys];
}
