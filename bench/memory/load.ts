/** What the isolate is put through between two readings. */
import { type Call, classify, post } from "../classify.ts";
import type { RunningWorker } from "../system/running-worker.ts";

/** Requests in flight share the isolate's memory. */
const AT_ONCE = 4;

/** How many requests got which answer: `200 edge`, `200 origin`, `413` … */
export type Answers = Record<string, number>;

/** One after another, each answered by the edge. @throws Error when one was not */
export async function runAtEdge(gateway: RunningWorker, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const { route, status, because } = await classify(gateway.url, text);
    if (route !== "edge") throw new Error(`The edge did not answer: ${status} ${route ?? ""} ${because ?? ""}.`);
  }
}

/** One after another, by whichever side takes it, until all are answered or time is up. */
export async function runInTurn(gateway: RunningWorker, texts: Iterable<string>, atMostMs: number): Promise<Answers> {
  const untilMs = performance.now() + atMostMs;
  const answers: Answers = {};
  for (const text of texts) {
    if (performance.now() >= untilMs) break;
    countAnswer(answers, await classify(gateway.url, text));
  }
  return answers;
}

/** Sends the bodies, four at once, until all are answered or time is up. */
export async function sendMixed(gateway: RunningWorker, bodies: Iterable<string>, atMostMs: number): Promise<Answers> {
  const untilMs = performance.now() + atMostMs;
  const answers: Answers = {};
  const queue = bodies[Symbol.iterator]();
  const send = async () => {
    while (performance.now() < untilMs) {
      const next = queue.next();
      if (next.done) return;
      countAnswer(answers, await post(gateway.url, next.value));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  return answers;
}

function countAnswer(answers: Answers, { status, route }: Call): void {
  const answer = route === null ? String(status) : `${status} ${route}`;
  answers[answer] = (answers[answer] ?? 0) + 1;
}
