/** `npm start`: the whole system on this machine: trace viewer, Lambda origin, and in workerd the control plane and the gateway. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildEngine } from "../../engine/build/build-engine.ts";
import { readPolicyState } from "../../policies/versions/repository.ts";
import { CHECKOUT_FOLDER } from "../process/checkout.ts";
import type { Child } from "../process/child.ts";
import { type LocalSettings, readSettings } from "../process/local-settings.ts";
import { withLocalStores } from "../process/local-stores.ts";
import { makeFolder, removeEmptyFolders } from "../process/make-folder.ts";
import { mustBeFree } from "../process/ports.ts";
import { dropUnreadOutput } from "../process/quiet-pipes.ts";
import { answerWithoutOptions, endWith } from "../process/standard-words.ts";
import { takeStateLock } from "../process/state-lock.ts";
import { openLocalPackage } from "../spillway/model/local-package.ts";
import { publishPackage } from "../spillway/model/publish/publish.ts";
import { localSigningKey, signLocally } from "../spillway/model/sign/local-key.ts";
import { stderrProgress, step } from "../spillway/terminal/progress.ts";
import { makeConsoleSafe } from "../spillway/terminal/safe-console.ts";
import { checkOtherOrigin, checkStoredModel } from "./check-models.ts";
import { checkTokens, givenCredentials, newCredentials } from "./credentials.ts";
import {
  greeting,
  USAGE,
  whileControlPlaneIsDown,
  whileOriginIsDown,
  whileViewerIsDown,
  withoutEffect,
} from "./greeting.ts";
import { createProcesses, type Processes, stopOnSignals } from "./processes.ts";
import { edgeState, gatewayReady, startControlPlane, startGateway, startOrigin, startViewer } from "./services.ts";
import { type Service, supervise } from "./supervise.ts";

/**
 * Starts the system and keeps it running until a signal.
 * @param words of the command line: none, or --help or --version, which start nothing
 * @param signalsAreHandled is called when a signal stops the system: until then the entry has ended the process by itself
 */
export async function startSystem(words: readonly string[], signalsAreHandled: () => void): Promise<void> {
  dropUnreadOutput();
  makeConsoleSafe(console, process);
  endWith(answerWithoutOptions(words, "npm start", USAGE));
  let processes: Processes | null = null;
  try {
    process.chdir(CHECKOUT_FOLDER);
    const settings = readSettings(process.env);
    checkTokens(process.env);
    processes = createProcesses(settings.stateFolder);
    stopOnSignals(processes);
    // In this order: a signal that has arrived meanwhile is lost if its last listener is removed.
    signalsAreHandled();
    await start(settings, processes);
  } catch (error) {
    // A child that exits because the system is being stopped is not an error.
    if (processes?.isStopping() === true) return;
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    await processes?.stopAll();
    process.exit(1);
  }
}

async function start(settings: LocalSettings, host: Processes): Promise<void> {
  const { gatewayPort, controlPort, originPort, viewerPort, modelFolder, persistFolder } = settings;
  const url = `http://127.0.0.1:${gatewayPort}`;
  const credentials = originPort === null ? givenCredentials(process.env) : newCredentials();
  const stateFolder = resolve(settings.stateFolder);
  const firstMade = await makeFolder(stateFolder).catch((error: Error) => {
    throw new Error(
      `The state folder ${settings.stateFolder} cannot be used (${error.message}). Set SPILLWAY_STATE_DIR to another one.`,
    );
  });
  const release = await takeStateLock(stateFolder, url, `http://127.0.0.1:${controlPort}`);
  process.on("exit", () => {
    release();
    // Of a start that was refused before it has stored anything.
    if (firstMade !== null) removeEmptyFolders(stateFolder, firstMade);
  });
  await mustBeFree(gatewayPort, "the gateway", "SPILLWAY_PORT");
  await mustBeFree(controlPort, "the control plane", "SPILLWAY_CONTROL_PORT");
  if (originPort !== null) await mustBeFree(originPort, "the origin", "SPILLWAY_ORIGIN_PORT");
  if (viewerPort !== null) await mustBeFree(viewerPort, "the trace viewer", "SPILLWAY_OTLP_PORT");
  for (const notice of withoutEffect(process.env, settings)) console.error(`  ! ${notice}`);

  /** Prints nothing more once the system is being stopped. */
  const shown = <T>(what: string, work: () => Promise<T>) => step(what, () => host.unlessStopping(work()));

  await buildEngine();
  const opened = await shown(`verifying the model package in ${modelFolder}`, () => openLocalPackage(modelFolder));
  const key = await localSigningKey(settings.stateFolder);
  const signature = `${settings.stateFolder}/model.sig`;
  if (originPort === null) await checkOtherOrigin(settings, credentials, opened);
  const served = await shown("signing it with this machine's key, publishing it to the local R2 bucket", async () => {
    const signed = await signLocally(opened, key);
    const stored = await withLocalStores(persistFolder, async (stores) => {
      const bucket = stores.bucket("MODELS");
      const { inForce } = await readPolicyState({ ...stores.kv("POLICIES"), settleSeconds: 0 }, new Date());
      const served = await checkStoredModel(inForce.text, opened, bucket);
      await publishPackage(signed, bucket);
      return served;
    });
    // For the origin, in the state folder: nothing is written into the package.
    await writeFile(signature, signed.bundle);
    return stored;
  });
  const { notice, hasEdge } = served;
  if (notice !== null) console.error(`  ! ${notice}`);

  const watched: Promise<void>[] = [];
  /** Starts a service, and keeps it running: the others do without it meanwhile. */
  const watch = async (what: string, service: Service) => {
    const run = () => shown(what, service.start);
    watched.push(supervise({ ...service, start: run }, await run(), supervision(host)));
  };
  if (viewerPort !== null) {
    const start = () => startViewer(host, viewerPort);
    await watch("starting the trace viewer", { name: "trace viewer", start, ...whileViewerIsDown() });
  }
  if (originPort !== null) {
    const trust = { MODEL_PUBLIC_KEY: key.publicKeyPem, SPILLWAY_MODEL_SIGNATURE: signature };
    const start = () => startOrigin(host, settings, { port: originPort, credentials, trust });
    const isDown = whileOriginIsDown(() => edgeState(settings));
    await watch("starting the Lambda origin and its first instance", { name: "origin", start, ...isDown });
  }
  const controlPlane = { name: "control plane", start: () => startControlPlane(host, settings) };
  await watch("starting the control plane in workerd", { ...controlPlane, ...whileControlPlaneIsDown() });
  const { modelId } = opened;
  const gateway: Child = await shown("starting the gateway in workerd", () =>
    startGateway(host, settings, { modelId, publicKeyPem: key.publicKeyPem, credentials }),
  );
  const lastStep = hasEdge ? "loading the model at the edge" : "checking the gateway's settings";
  await shown(lastStep, () => gatewayReady(settings, gateway, hasEdge));

  console.log(greeting(settings, hasEdge));
  console.log(`Spillway is ready: ${url}/v1/classify`);
  // Without the gateway there is no system: its end is an error, with the path of its log.
  await Promise.race([gateway.died, ...watched]);
}

function supervision({ isStopping }: Processes) {
  const { note: report } = stderrProgress();
  return { nowMs: () => performance.now(), pause: (ms: number) => sleep(ms), report, isStopping };
}
