/** A KV in memory. A test may change it as another writer would. */

import { POLICY_KEY } from "../../../../policies/store.ts";
import type { Kv } from "../../../../tools/spillway/kv/kv.ts";

export interface FakeKv extends Kv {
  values: Map<string, string>;
  /** The written keys, in order. */
  writes: string[];
  /** Called before each write. It throws where a test ends the command. */
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

/** Writes the policy as `wrangler kv key put policy` does. */
export function putOutside({ values }: FakeKv, document: object | string): void {
  values.set(POLICY_KEY, typeof document === "string" ? document : JSON.stringify(document));
}
