/** The predictions of many texts. The runtimes make little use of a second core, so each core gets a process and a share of the texts. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { openRuntimes, Prediction } from "../../tools/spillway/model/evaluate/runtimes.ts";

const PROCESS = join(import.meta.dirname, "predict.ts");

/** The models that each process opens. */
export interface Models {
  packageFolder: string;
  /** An edge model to compare the package's with. */
  stock: NonNullable<Parameters<typeof openRuntimes>[1]>;
}

/** What a process receives. */
export interface Share extends Models {
  texts: readonly string[];
}

/** One text, with all models. */
export interface Predicted {
  /** The first tokens of the text, as many as the edge runs. */
  edge: Prediction;
  stock: Prediction;
  origin: Prediction;
  /** The whole text at the origin. */
  whole: Prediction;
}

/**
 * @param progress receives the number of texts done so far
 * @returns the predictions of each of the texts
 * @throws Error if a process ends early; its reason is on stderr
 */
export async function predictAll(
  models: Models,
  mails: readonly { text: string }[],
  progress: (done: number) => void,
): Promise<(text: string) => Predicted> {
  const texts = mails.map(({ text }) => text);
  const processes = availableParallelism();
  const shares = Array.from({ length: processes }, (_, share) => texts.filter((_, at) => at % processes === share));
  const ended = new AbortController();
  const predicted = new Map<string, Predicted>();
  let done = 0;
  try {
    await Promise.all(
      shares.map((share) =>
        predictElsewhere({ ...models, texts: share }, ended.signal, (text, prediction) => {
          predicted.set(text, prediction);
          progress(++done);
        }),
      ),
    );
  } finally {
    ended.abort();
  }
  return (text) => {
    const prediction = predicted.get(text);
    if (prediction === undefined) throw new Error("Only the texts that were predicted can be looked up.");
    return prediction;
  };
}

/** @param signal ends the process */
async function predictElsewhere(
  share: Share,
  signal: AbortSignal,
  add: (text: string, prediction: Predicted) => void,
): Promise<void> {
  const child = fork(PROCESS, { execArgv: [], signal, killSignal: "SIGKILL" });
  // Its exit is reported instead.
  child.on("error", () => {});
  const rest = share.texts.values();
  child.on("message", (prediction: Predicted) => {
    const { value: text } = rest.next();
    if (text !== undefined) add(text, prediction);
  });
  child.send(share);
  await once(child, "close");
  const missing = [...rest].length;
  if (missing > 0) throw new Error(`A process of the evaluation ended before its last ${missing} texts.`);
}
