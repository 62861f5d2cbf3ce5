/** Faults of the edge: its engine, its isolate, its package in the bucket. */
import { setTimeout as sleep } from "node:timers/promises";
import { BUNDLE_FILE, MANIFEST_FILE, objectKey } from "../../../formats/model-package/names.ts";
import type { BucketFault, EngineFault, MovedObject } from "./controls.ts";
import type { Fault } from "./fault.ts";
import type { FaultySystem } from "./system.ts";

/** Each begins in a warm isolate, or before a new one loads its model. */
const ENGINE: readonly (readonly [name: string, fault: EngineFault, isCold: boolean, isQuick: boolean])[] = [
  ["edge: a trap in each run", "trap", false, true],
  ["edge: a trap in one run", "trap-once", false, false],
  ["edge: out of memory in each run", "out-of-memory", false, true],
  ["edge: an engine error in each run", "engine-error", false, false],
  ["edge: out of memory while loading", "small-heap", true, false],
  ["edge: wrong logits after loading", "wrong-logits", true, false],
];

const BUCKET: readonly (readonly [name: string, fault: BucketFault, isQuick: boolean])[] = [
  ["edge: R2 is down", "down", true],
  ["edge: R2 is slow", "slow", true],
  ["edge: R2 hangs", "hang", false],
  ["edge: R2 sends half of each object", "half", false],
];

const engine = ENGINE.map(
  ([name, fault, isCold, isQuick]): Fault => ({
    name,
    part: "edge",
    isQuick,
    begin: async ({ set, newIsolate }) => {
      await set({ engine: fault });
      if (isCold) await newIsolate();
    },
    end: ({ set }) => set({}),
  }),
);

const bucket = BUCKET.map(
  ([name, fault, isQuick]): Fault => ({
    name,
    part: "edge",
    isQuick,
    begin: async ({ set, newIsolate }) => {
      await set({ models: fault });
      await newIsolate();
    },
    end: ({ set }) => set({}),
  }),
);

/** Before the load. @returns the key of what is read instead; null: the object is missing */
type Change = (system: FaultySystem, key: string) => Promise<string | null>;

const remove: Change = async () => null;
/** One bit of the object's middle, in a copy beside it. */
const tamper: Change = async ({ readStored, writeStored }, key) => {
  const bytes = await readStored("MODELS", key);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const copy = `tampered/${key}`;
  await writeStored("MODELS", copy, bytes);
  return copy;
};

/**
 * The gateway reads the changed copy. The object stays: storing its 12 MB again goes through the one thread of the local Workers, which
 * answers no text meanwhile, as no upload to R2 does. A rejected package is looked at again after 10 s.
 */
function changedObject(
  name: string,
  fileOf: (system: FaultySystem) => string,
  change: Change,
  isQuick: boolean,
): Fault {
  let moved: MovedObject | null = null;
  return {
    name,
    part: "edge",
    isQuick,
    prepare: async (system) => {
      const key = objectKey(system.opened.modelId, fileOf(system));
      moved = { key, to: await change(system, key) };
    },
    begin: async ({ set, newIsolate }) => {
      await set({ moved });
      await newIsolate();
    },
    end: ({ set }) => set({}),
  };
}

const objects = [
  changedObject("edge: tampered weights", ({ opened }) => opened.edge.file, tamper, true),
  changedObject("edge: tampered manifest", () => MANIFEST_FILE, tamper, false),
  changedObject("edge: missing weights", ({ opened }) => opened.edge.file, remove, true),
  changedObject("edge: missing signature", () => BUNDLE_FILE, remove, false),
];

const EVICT_EVERY_MS = 250;

const isolates: Fault[] = [
  {
    name: "edge: an evicted isolate",
    part: "edge",
    isQuick: true,
    begin: ({ newIsolate }) => newIsolate(),
    end: () => {},
  },
  {
    name: "edge: isolates evicted while they load",
    part: "edge",
    isQuick: false,
    begin: ({ newIsolate }) => newIsolate(),
    during: async ({ newIsolate }) => {
      for (let eviction = 0; eviction < 6; eviction++) {
        await sleep(EVICT_EVERY_MS);
        await newIsolate();
      }
    },
    end: () => {},
  },
];

/** @returns the faults in the order in which they are run */
export function edgeFaults(): Fault[] {
  return [...engine, ...isolates, ...bucket, ...objects];
}
