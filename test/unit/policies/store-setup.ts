/** A PolicyStore on a fake clock, with a KV whose answers the test gives. */
import { type PolicyKv, PolicyStore } from "../../../policies/store.ts";

/** @param answer returns the value of a KV key */
export function setUp(answer: (key: string) => Promise<string | null>) {
  let nowMs = 1_000_000;
  let reads = 0;
  const kv: PolicyKv = {
    get: (key) => {
      reads += 1;
      return answer(key);
    },
  };
  const waits: number[] = [];
  const reported: (string | number | null)[] = [];
  const store = new PolicyStore(kv, {
    nowMs: () => nowMs,
    // A wait ends at the next turn of the event loop: after an immediate answer, before a late one.
    wait: (ms) => {
      waits.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
    changed: ({ policy, problem }) => reported.push(problem ?? policy.version),
  });
  const late: Promise<unknown>[] = [];
  return {
    read: () => store.read((work) => late.push(work)),
    moveMs: (ms: number) => {
      nowMs += ms;
    },
    reads: () => reads,
    waits,
    reported,
    late,
  };
}

/** A KV that never answers. */
export const silent = () => new Promise<never>(() => {});
