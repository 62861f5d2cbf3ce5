/**
 * Before an engine makes a heap, the isolate must not hold another one: docs/decisions/027-one-heap-of-two-engines.md. V8 frees a heap
 * when it collects its old space, which it does once that has grown. So garbage is made there until then.
 */
import type { Clock } from "../call.ts";
import { PackageError } from "./bucket.ts";
import type { EdgeEngine } from "./engine.ts";

/** Then the load fails and is repeated later; the origin answers meanwhile. */
const MAX_WAIT_MS = 3000;
/** Garbage counts against the isolate's limit too until it is collected: 24 MB fit beside the largest heap and everything else. */
const MAX_GARBAGE_TURNS = 240;
/** Garbage of one turn: 100 KB, 1 ms. */
const NAMES_PER_TURN = 20;
const NAME_CHARACTERS = 5000;
/** Reading a WeakRef keeps its target until the end of that turn, so most turns do not look. */
const TURNS_PER_LOOK = 16;
/** After the garbage. */
const ASK_EVERY_MS = 5;

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
  for (let turns = 0; uncollectedBytes() > 0; turns += TURNS_PER_LOOK) {
    if (clock.nowMs() > untilMs) {
      const mib = Math.ceil(uncollectedBytes() / 2 ** 20);
      throw new PackageError("unavailable", `the heap of the model before, ${mib} MiB, is not freed yet`);
    }
    for (let turn = 0; turn < TURNS_PER_LOOK; turn++) {
      const makesGarbage = turns < MAX_GARBAGE_TURNS;
      await clock.wait(makesGarbage ? 0 : ASK_EVERY_MS);
      onProgress();
      if (makesGarbage) makeGarbage();
    }
    await clock.wait(0);
  }
}

/** The names of a parsed object's properties are unique strings, which V8 stores in its old space; other garbage dies young. */
function makeGarbage(): void {
  const rest = String(Math.random()).padEnd(NAME_CHARACTERS, "-");
  const names = Array.from({ length: NAMES_PER_TURN }, (_, index) => `"${index} ${rest}":0`);
  JSON.parse(`{${names.join(",")}}`);
}
