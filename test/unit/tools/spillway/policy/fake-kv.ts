/** A KV in memory; a test may change it as others would. */

import { POLICY_KEY } from "../../../../../policies/store.ts";
import type { Kv } from "../../../../../tools/spillway/kv/kv.ts";

export interface FakeKv extends Kv {
  values: Map<string, string>;
  /** The keys that were written, in order. */
  writes: string[];
  /** Happens before a write; throws where the command is to die there. */
  beforePut: (key: string) => void;
}

export function fakeKv(settleSeconds = 0): FakeKv {
  const values = new Map<string, string>();
  const kv: FakeKv = {
    values,
    writes: [],
    settleSeconds,
    beforePut: () => {},
    get: async (key) => values.get(key) ?? null,
    all: async (prefix) => new Map([...values].filter(([key]) => key.startsWith(prefix))),
    put: async (key, text) => {
      kv.beforePut(key);
      kv.writes.push(key);
      values.set(key, text);
    },
  };
  return kv;
}

/** As `wrangler kv key put policy` does it. */
export function putOutside({ values }: FakeKv, document: object | string): void {
  values.set(POLICY_KEY, typeof document === "string" ? document : JSON.stringify(document));
}
