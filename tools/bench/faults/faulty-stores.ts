/** The real KV, R2 and ledger of a Worker, which fail on command. Without a fault each call goes to the real binding. */

import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import type { LedgerNamespace } from "../../../gateway/record/ledger.ts";
import type { PolicyKv } from "../../../policies/store.ts";
import type { BucketFault, Controls, LedgerFault, StoreFault } from "./controls.ts";

const SLOW_MS = 3000;
/** Of each read of an object. */
const SLOW_READ_MS = 100;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** Longer than any request. */
const never = () => wait(60_000);

type InForce = () => Controls;

/** A KV namespace; `field` names its fault. */
export function faultyKv(real: PolicyKv, inForce: InForce, field: "policies" | "keys"): PolicyKv {
  const firstRead = new Map<string, string | null>();
  return {
    async get(key, options) {
      const fault: StoreFault | null = inForce()[field];
      if (fault === "down") throw new Error("KV GET failed: 500 Internal Server Error");
      if (fault === "slow") await wait(SLOW_MS);
      if (fault === "hang") await never();
      const known = firstRead.get(key);
      if (fault === "stale" && known !== undefined) return known;
      const text = await real.get(key, options);
      firstRead.set(key, text);
      return text;
    },
  };
}

/** A bucket. @param step is called before each answer and each read, and may wait */
export function faultyBucket(real: ModelBucket, inForce: InForce, step: () => Promise<void>): ModelBucket {
  const begin = async (): Promise<BucketFault | null> => {
    await step();
    const fault = inForce().models;
    if (fault === "down") throw new Error("get: We encountered an internal error. Please try again. (10001)");
    if (fault === "hang") await never();
    if (fault === "slow") await wait(SLOW_MS);
    return fault;
  };
  return {
    async list(options) {
      await begin();
      const { objects, truncated } = await real.list(options);
      const { moved } = inForce();
      if (moved === null || !objects.some(({ key }) => key === moved.key)) return { objects, truncated };
      const copies = moved.to === null ? [] : (await real.list({ prefix: moved.to })).objects;
      const instead = copies.map(({ size, version }) => ({ key: moved.key, size, version }));
      return { objects: [...objects.filter(({ key }) => key !== moved.key), ...instead], truncated };
    },
    async get(key) {
      const fault = await begin();
      const { moved } = inForce();
      const at = moved?.key === key ? moved.to : key;
      const stored = at === null ? null : await real.get(at);
      if (stored === null) return null;
      return { size: stored.size, body: faultyBody(stored, { fault, step }) };
    },
  };
}

type Stored = NonNullable<Awaited<ReturnType<ModelBucket["get"]>>>;

function faultyBody(
  { body, size }: Stored,
  { fault, step }: { fault: BucketFault | null; step: () => Promise<void> },
): Stored["body"] {
  return {
    getReader(options) {
      const reader = body.getReader(options);
      let received = 0;
      return {
        async readAtLeast(minBytes, buffer) {
          await step();
          if (fault === "slow") await wait(SLOW_READ_MS);
          const read = await reader.readAtLeast(minBytes, buffer);
          received += read.value?.byteLength ?? 0;
          if (fault === "half" && received > size / 2) throw new Error("Network connection lost.");
          return read;
        },
      };
    },
  };
}

/** The control plane's shards. */
export function faultyLedger(real: LedgerNamespace, inForce: InForce): LedgerNamespace {
  return {
    idFromName: (name) => real.idFromName(name),
    get(id, options) {
      const shard = real.get(id, options);
      return {
        async record(delta) {
          const fault = inForce().ledger;
          if (fault === "slow") await never();
          if (fault !== null && fault !== "slow") throw new Error(LEDGER_ERRORS[fault]);
          return shard.record(delta);
        },
      };
    },
  };
}

const LEDGER_ERRORS: Record<Exclude<LedgerFault, "slow">, string> = {
  down: "Network connection lost.",
  refusing: "Durable Object is overloaded. Requests queued for too long.",
  full: "database or disk is full: SQLITE_FULL",
};
