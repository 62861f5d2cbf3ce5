/** The plain way's Worker, started beside the gateway and asked like it. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { withLocalBucket } from "../../spillway/model/publish/local-bucket.ts";
import type { OptionValues } from "../bench.ts";
import type { Bundle, WorkerSource } from "../system/bundle.ts";
import { type RunningWorker, startWorker } from "../system/running-worker.ts";
import type { Workspace } from "../system/workspace.ts";

export const PLAIN: WorkerSource = { config: "tools/bench/plain/wrangler.toml", scriptName: "worker.js" };

const KEY = "plain/model";
const CALL_MAX_MS = 120_000;

const loadSchema = z.object({ readMs: z.number(), createMs: z.number(), heapBytes: z.number() });
const runSchema = z.object({ logits: z.array(z.number()), runMs: z.number(), heapBytes: z.number() });

/** `callerMs` is this machine's clock from sending to the last byte. */
export type PlainLoad = z.infer<typeof loadSchema> & { callerMs: number };
export type PlainRun = z.infer<typeof runSchema> & { callerMs: number };

/** `file` goes into the bucket of `persistFolder` as it is. */
export async function storePlainFile(persistFolder: string, file: string): Promise<void> {
  const bytes = await readFile(file);
  await withLocalBucket(persistFolder, (bucket) => bucket.put(KEY, bytes));
}

export function startPlain(workspace: Workspace, bundle: Bundle, persistFolder: string): Promise<RunningWorker> {
  return startWorker(workspace, { name: "plain worker", bundle, persistFolder, envFile: null });
}

/** From R2 to an open session. */
export function loadPlain(plain: RunningWorker): Promise<PlainLoad> {
  return ask(plain, `/load?key=${KEY}`, "", loadSchema);
}

export function runPlain(plain: RunningWorker, tokenIds: readonly number[]): Promise<PlainRun> {
  return ask(plain, "/run", JSON.stringify(tokenIds), runSchema);
}

/** @throws Error with what the Worker said when it could not */
async function ask<T>({ url }: RunningWorker, path: string, body: string, schema: z.ZodType<T>) {
  const sentAtMs = performance.now();
  const response = await fetch(`${url}${path}`, { method: "POST", body, signal: AbortSignal.timeout(CALL_MAX_MS) });
  const text = await response.text();
  const callerMs = performance.now() - sentAtMs;
  if (!response.ok) throw new Error(`The plain way could not do ${path}: ${text.slice(0, 300)}`);
  return { ...schema.parse(JSON.parse(text)), callerMs };
}

/** Whether the plain way is measured beside Spillway. */

export const PLAIN_OPTION = { plain: { type: "boolean" } } as const;

/** Always at DistilBERT's size, where it is the question; elsewhere when it is asked for. */
export function withPlain(values: OptionValues): boolean {
  return values["plain"] === true || values["model"] === "distilbert";
}
