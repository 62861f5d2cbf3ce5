/** Reads all inputs: texts apart from calls, so that a log can be replayed with the lengths of a file of texts. */
import type { CountTokens } from "./call.ts";
import { Calls, Counter, type Counts } from "./calls.ts";
import { formatOf } from "./formats.ts";
import { openInput } from "./open-input.ts";

export interface Inputs {
  /** Of logs. */
  calls: Calls;
  texts: Calls;
  counts: readonly Counts[];
}

/**
 * @param format a name, or `auto`
 * @throws Error with one sentence for an input that cannot be read, or has no call and no text
 */
export async function readInputs(paths: readonly string[], format: string, count: CountTokens): Promise<Inputs> {
  const calls = new Calls();
  const texts = new Calls();
  const counts: Counts[] = [];
  for (const path of paths) {
    const { name, sample, chunks } = await openInput(path);
    const found = formatOf(sample, format, name);
    const counter = new Counter(path, found.name, found.name.startsWith("texts-") ? texts : calls);
    await found.read(chunks, (line, parsed) => counter.receive(line, parsed), count);
    if (counter.counts.calls === 0) throw new Error(nothingIn(name, counter.counts));
    counts.push(counter.counts);
  }
  return { calls, texts, counts };
}

function nothingIn(name: string, { format, broken, firstBroken, other }: Counts): string {
  const [first] = firstBroken;
  const why =
    first === undefined ? `${other} other records` : `${broken} broken records (line ${first.line}: ${first.why})`;
  return `${name} (${format}) has no call and no text, but ${why}. Export REPORT lines or texts: docs/guide/plan.md.`;
}
