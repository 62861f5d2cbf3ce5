/** Starts the plain Worker (stock onnxruntime-web, see worker.ts) and calls it. */
import { mkdir, readFile } from "node:fs/promises";
import { z } from "zod";
import type { WorkerSource } from "../../local-worker/build.ts";
import { withLocalBucket } from "../../spillway/model/publish/bucket.ts";
import type { OptionValues } from "../bench.ts";
import type { Bundle } from "../system/bundle.ts";
import { type RunningWorker, startWorker } from "../system/running-worker.ts";
import type { Workspace } from "../system/workspace.ts";

export const PLAIN: WorkerSource = { config: "tools/bench/plain/wrangler.toml" };

/** The option of benches that can measure the plain Worker. */
export const PLAIN_OPTION = {
  plain: { type: "boolean", about: "measure stock onnxruntime-web too; always done with --model" },
} as const;

const KEY = "plain/model";
const MAX_CALL_MS = 120_000;

const loadSchema = z.object({ readMs: z.number(), createMs: z.number(), heapBytes: z.number() });
const runSchema = z.object({ logits: z.array(z.array(z.number())), runMs: z.number(), heapBytes: z.number() });

/** `callerMs` is this machine's clock from sending to the last byte. */
export type PlainLoad = z.infer<typeof loadSchema> & { callerMs: number };
export type PlainRun = Omit<TextsRun, "logits"> & { logits: number[] };
type TextsRun = z.infer<typeof runSchema> & { callerMs: number };

/** Puts `file` unchanged into the bucket of `persistFolder`. */
export async function storePlainFile(persistFolder: string, file: string): Promise<void> {
  await mkdir(persistFolder, { recursive: true });
  const bytes = await readFile(file);
  await withLocalBucket(persistFolder, (bucket) => bucket.put(KEY, bytes));
}

/** @param name of the process and its log @throws Error with one sentence if it does not start */
export function startPlain(
  workspace: Workspace,
  bundle: Bundle,
  persistFolder: string,
  name = "plain worker",
): Promise<RunningWorker> {
  return startWorker(workspace, { name, bundle, persistFolder });
}

/** Loads the model, from R2 to an open session. */
export function loadPlain(plain: RunningWorker): Promise<PlainLoad> {
  return call(plain, `/load?key=${KEY}`, "", loadSchema);
}

/** Runs one text, `runs` times in one request; `runMs` is then the mean. workerd's clock counts whole milliseconds. */
export async function runPlain(plain: RunningWorker, tokenIds: readonly number[], runs = 1): Promise<PlainRun> {
  const { logits, ...run } = await runTexts(plain, [tokenIds], { runs, together: true });
  return { ...run, logits: logits[0] ?? [] };
}

/** Runs several texts, as one run or one after another; `runMs` is the time of all of them, the mean of `runs`. */
export function runTexts(
  worker: RunningWorker,
  texts: readonly (readonly number[])[],
  { runs, together }: { runs: number; together: boolean },
): Promise<TextsRun> {
  return call(worker, `/run?runs=${runs}&together=${together ? "yes" : "no"}`, JSON.stringify(texts), runSchema);
}

/** @throws Error with the Worker's answer if it is not 200 */
async function call<T>({ url }: RunningWorker, path: string, body: string, schema: z.ZodType<T>) {
  const sentAtMs = performance.now();
  const response = await fetch(`${url}${path}`, { method: "POST", body, signal: AbortSignal.timeout(MAX_CALL_MS) });
  const text = await response.text();
  const callerMs = performance.now() - sentAtMs;
  if (!response.ok) throw new Error(`The plain Worker failed at ${path}: ${text.slice(0, 300)}`);
  return { ...schema.parse(JSON.parse(text)), callerMs };
}

/** Whether the plain Worker is measured too: always with `--model distilbert`, otherwise with `--plain`. */
export function withPlain(values: OptionValues): boolean {
  return values["plain"] === true || values["model"] === "distilbert";
}
