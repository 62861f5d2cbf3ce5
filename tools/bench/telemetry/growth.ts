/** The heap of one isolate over many requests, read after V8 has collected garbage: whatever is left is still referenced. */
import type { HeapUsage, Inspector } from "../memory/inspector.ts";

const CONCURRENCY = 4;
const PARTS = 10;

/** Runs and reports one step of the bench. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

export interface HeapReading {
  /** Requests so far. */
  requests: number;
  usage: HeapUsage;
}

/**
 * Sends `requests` requests, four at a time, and reads the heap after each tenth. The first part includes what is made once.
 * @throws Error if a request is not answered with 200
 */
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
    const usage = await step(`${until} of ${requests} requests to one isolate`, async () => {
      await Promise.all(Array.from({ length: CONCURRENCY }, worker));
      return inspector.collectedHeapUsage();
    });
    readings.push({ requests: until, usage });
  }
  return readings;
}
