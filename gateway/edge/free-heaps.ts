/**
 * Before an engine makes a heap, the isolate must not hold another one: docs/decisions/027-one-heap-of-two-engines.md. V8 frees a heap
 * when it collects garbage. It does that while it allocates, so garbage is made until then.
 */
import type { Clock } from "../call.ts";
import { PackageError } from "./bucket.ts";
import type { EdgeEngine } from "./engine.ts";

/** Then the load fails and is repeated later; the origin answers meanwhile. 0.05 to 0.3 s were measured. */
const MAX_WAIT_MS = 3000;
/** 256 KiB: V8 has freed the last one before the next few are made. */
const GARBAGE_NUMBERS = 32_768;
/** Reading a WeakRef keeps its target until the end of that turn, so most turns only make garbage. */
const TURNS_PER_LOOK = 32;

export interface FreeOptions {
  clock: Clock;
  /** Called at each turn; ends the wait by throwing. */
  onProgress(): void;
}

/**
 * Drops the heaps of the other engines, and waits until every dropped heap is collected.
 * @throws PackageError (unavailable) if that takes too long
 */
export async function freeHeaps(
  engine: EdgeEngine,
  engines: readonly EdgeEngine[],
  { clock, onProgress }: FreeOptions,
): Promise<void> {
  for (const other of engines) if (other !== engine) other.discard();
  const uncollectedBytes = () => engines.reduce((sum, one) => sum + one.uncollectedBytes(), 0);
  const untilMs = clock.nowMs() + MAX_WAIT_MS;
  while (uncollectedBytes() > 0) {
    if (clock.nowMs() > untilMs) {
      const mib = Math.ceil(uncollectedBytes() / 2 ** 20);
      throw new PackageError("unavailable", `the heap of the model before, ${mib} MiB, is not freed yet`);
    }
    for (let turn = 0; turn < TURNS_PER_LOOK; turn++) {
      await clock.wait(0);
      onProgress();
      new Array(GARBAGE_NUMBERS).fill(0.5);
    }
    await clock.wait(0);
  }
}
