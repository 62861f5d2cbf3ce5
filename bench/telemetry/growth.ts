/**
 * One isolate's heap over many requests. V8's collector cannot be told to run here (workerd's inspector leaves that command unanswered),
 * so each part's reading is the lowest of many: the floor that collections reach is what something holds.
 */
import type { HeapUsage, Inspector } from "../memory/inspector.ts";

const AT_ONCE = 4;
const PARTS = 10;
const READINGS_PER_PART = 100;

export interface HeapReading {
  requests: number;
  usage: HeapUsage;
}

/** The first part is for what is made once. */
export async function growth(
  inspector: Pick<Inspector, "heapUsage">,
  requests: number,
  send: (request: number) => Promise<{ status: number }>,
): Promise<HeapReading[]> {
  const floors: HeapReading[] = [];
  const part = Math.ceil(requests / PARTS);
  const readEvery = Math.ceil(part / READINGS_PER_PART);
  for (let done = 0; done < requests; done += part) {
    const until = Math.min(done + part, requests);
    const rest = Array.from({ length: until - done }, (_, index) => done + index).values();
    let floor = await inspector.heapUsage();
    const worker = async () => {
      for (const request of rest) {
        const { status } = await send(request);
        if (status !== 200) throw new Error(`Request ${request} was answered ${status}.`);
        if (request % readEvery !== 0) continue;
        const usage = await inspector.heapUsage();
        if (heldBytes(usage) < heldBytes(floor)) floor = usage;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    floors.push({ requests: until, usage: floor });
  }
  return floors;
}

/** On V8's heap, on workerd's own, and in buffers beside them. */
export function heldBytes({ usedSize, embedderHeapUsedSize, backingStorageSize }: HeapUsage): number {
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}
