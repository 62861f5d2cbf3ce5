/** One isolate's heap over many requests, read after V8 has collected: what is left is held by something. */
import type { HeapUsage, Inspector } from "../memory/inspector.ts";

const AT_ONCE = 4;
const PARTS = 10;

/** Shows that a tenth is under way, and how long it took. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

export interface HeapReading {
  requests: number;
  usage: HeapUsage;
}

/** The first part is for what is made once. */
export async function growth(
  inspector: Pick<Inspector, "collectedHeapUsage">,
  requests: number,
  step: Step,
  send: (request: number) => Promise<{ status: number }>,
): Promise<HeapReading[]> {
  const readings: HeapReading[] = [];
  const part = Math.ceil(requests / PARTS);
  for (let done = 0; done < requests; done += part) {
    const until = Math.min(done + part, requests);
    const rest = Array.from({ length: until - done }, (_, index) => done + index).values();
    const worker = async () => {
      for (const request of rest) {
        const { status } = await send(request);
        if (status !== 200) throw new Error(`Request ${request} was answered ${status}.`);
      }
    };
    const usage = await step(`${until} of ${requests} requests of one isolate`, async () => {
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      return inspector.collectedHeapUsage();
    });
    readings.push({ requests: until, usage });
  }
  return readings;
}

/** On V8's heap, on workerd's own, and in buffers beside them. */
export function heldBytes({ usedSize, embedderHeapUsedSize, backingStorageSize }: HeapUsage): number {
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}
