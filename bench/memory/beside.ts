/** The plain way beside a gateway that was measured before: the same file, the same texts, in the same run. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { step } from "../../tools/start/progress.ts";
import { PLAIN, startPlain, storePlainFile } from "../plain/client.ts";
import { mib } from "../statistics.ts";
import { bundleWorker } from "../system/bundle.ts";
import type { EdgePackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import type { StoredPackage } from "../system/stored-package.ts";
import type { Workspace } from "../system/workspace.ts";
import type { Texts } from "../texts.ts";
import { largestDifference } from "./agreement.ts";
import { measurePlain } from "./plain-memory.ts";
import { type Beside, ratios } from "./report.ts";
import { compareSpeed } from "./speed.ts";
import type { Counted } from "./stage.ts";

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
