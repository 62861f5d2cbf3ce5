/** The plain way beside a gateway that was measured before: the same file, the same texts, in the same run. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { step } from "../../spillway/terminal/progress.ts";
import { loadPlain, PLAIN, runPlain, startPlain, storePlainFile } from "../plain/client.ts";
import { mib } from "../statistics.ts";
import { bundleWorker } from "../system/bundle.ts";
import type { EdgePackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import type { StoredPackage } from "../system/stored-package.ts";
import type { Workspace } from "../system/workspace.ts";
import type { Texts } from "../texts.ts";
import { RUNS_PER_LENGTH, TOKEN_LENGTHS } from "./gateway-memory.ts";
import { Inspector } from "./inspector.ts";
import { type Beside, ratios } from "./report.ts";
import { compareSpeed } from "./speed.ts";
import { type Counted, count, type Reading, watch } from "./stage.ts";

export interface Measured {
  /** Still running, and ready. */
  gateway: RunningWorker;
  memory: Counted;
  stored: StoredPackage;
  opened: EdgePackage;
  texts: Texts;
  /** Lengths that both can run. */
  lengths: readonly number[];
  /** Timed runs per length and side. */
  samples: number;
}

export async function measureBeside(workspace: Workspace, measured: Measured): Promise<Beside> {
  const { gateway, memory, stored, opened, texts, lengths, samples } = measured;
  const bundle = await step("building the plain way", () => bundleWorker(PLAIN, join(workspace.folder, "plain")));
  await step("storing its file", () => storePlainFile(stored.persistFolder, opened.plainFile));
  const plain = await step("starting the plain way", () => startPlain(workspace, bundle, stored.persistFolder));
  const counted = await measurePlain(plain, texts);
  const both = { spillway: gateway, plain };
  const largestLogitDifference = await largestDifference(both, texts, { lengths, labels: opened.manifest.labels });
  const speed = await compareSpeed(both, texts, { lengths, samples });
  const weightsMiB = await fileMiB(opened.plainFile);
  return { ...counted, weightsMiB, largestLogitDifference, speed, over: ratios(counted, memory) };
}

export async function fileMiB(file: string): Promise<number> {
  return mib((await stat(file)).size);
}

/** Whether the gateway's edge and the plain way compute the same: a fast answer that is wrong proves nothing. */

const rowsSchema = z.array(z.array(z.object({ label: z.string(), score: z.number() })));

/** The largest difference between two logits for the same text, over texts of these lengths. */
export async function largestDifference(
  { spillway, plain }: { spillway: RunningWorker; plain: RunningWorker },
  texts: Texts,
  { lengths, labels }: { lengths: readonly number[]; labels: readonly string[] },
): Promise<number> {
  let largest = 0;
  for (const tokens of lengths) {
    const text = texts.make(tokens, 0);
    const [ours, theirs] = [await gatewayLogits(spillway, text, labels), await runPlain(plain, texts.encode(text))];
    for (const [index, logit] of theirs.logits.entries()) {
      largest = Math.max(largest, Math.abs(logit - (ours[index] ?? Number.NaN)));
    }
  }
  return largest;
}

/** @throws Error when the edge did not answer */
async function gatewayLogits({ url }: RunningWorker, text: string, labels: readonly string[]): Promise<number[]> {
  const response = await fetch(`${url}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: text, parameters: { function_to_apply: "none" } }),
  });
  const route = response.headers.get("x-spillway-route");
  if (route !== "edge") throw new Error(`The edge did not answer: ${response.status} ${route ?? ""}.`);
  const [row] = rowsSchema.parse(await response.json());
  // Rows come best first; logits go by label.
  return labels.map((label) => row?.find((one) => one.label === label)?.score ?? Number.NaN);
}

/** The plain way's isolate through the same load and lengths. */

export async function measurePlain(plain: RunningWorker, texts: Texts): Promise<Counted> {
  const inspector = await Inspector.connect(plain);
  try {
    let heapBytes = 0;
    const { rest, load, runs } = watch(inspector, async () => heapBytes);
    const cold = await rest("cold", "cold, no model");
    const loaded = await load("load", "loading the model the plain way", async () => {
      ({ heapBytes } = await loadPlain(plain));
    });
    const later: Reading[] = [];
    for (const tokens of TOKEN_LENGTHS) {
      const many = Array.from({ length: RUNS_PER_LENGTH }, (_, seed) => texts.encode(texts.make(tokens, seed)));
      const send = async () => {
        for (const tokenIds of many) ({ heapBytes } = await runPlain(plain, tokenIds));
      };
      later.push(await runs(`tokens-${tokens}`, `${RUNS_PER_LENGTH} texts of ${tokens} tokens, plain`, send));
    }
    return count(cold, loaded, later);
  } finally {
    inspector.close();
  }
}
