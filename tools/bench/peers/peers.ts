/** Bench `peers`: the replayed day's texts on the engine, stock onnxruntime-web, transformers.js and native ONNX Runtime. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { ENGINE, startRunner } from "../engine/start-runner.ts";
import { loadPlain, PLAIN, runPlain } from "../plain/client.ts";
import { dayOf } from "../replay/day.ts";
import { type EdgePackage, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import type { PeerName } from "./names.ts";
import { type MeasuredPeer, NOTES, peersResult, peersTables } from "./report.ts";
import { installTransformers, TRANSFORMERS_VERSION, tryInWorker, writeModelFolder } from "./transformers.ts";

const MAX_BENCH_MS = 20 * 60_000;
const TEXTS = { min: 5, max: 2000, fallback: 200 };
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
/** Of DistilBERT's positions. */
const MAX_TOKENS = 512;
const LONG_TEXT_TOKENS = 600;
/** V8 replaces a wasm function by optimized code after these runs. */
const WARM_UP_RUNS = 12;
const WARM_UP_TOKENS = 32;
/** Between two peers: the threads of the one before are idle again. */
const PAUSE_MS = 2;

export const peersBench: Bench = {
  name: "peers",
  summary: "the engine, stock onnxruntime-web, transformers.js and native ONNX Runtime on the same texts",
  options: {
    texts: numberOption("texts that each peer runs", TEXTS),
    seed: numberOption("another seed makes other texts", SEED),
    "without-transformers": { type: "boolean", about: "leave transformers.js out, which needs a network once" },
  },
  quick: { texts: "15", "without-transformers": true },
  async run(values: OptionValues) {
    const texts = wholeNumber(values, "texts", TEXTS);
    const seed = wholeNumber(values, "seed", SEED);
    const transformersFolder =
      values["without-transformers"] === true
        ? null
        : await step("installing transformers.js, if it is not installed", installTransformers);
    const opened = await openPackage({ model: "distilbert" });
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, opened, { texts, seed, transformersFolder }));
  },
};

interface Options {
  texts: number;
  seed: number;
  /** Null if it is left out. */
  transformersFolder: string | null;
}

interface Peer {
  name: PeerName;
  worker: RunningWorker;
  loadMs: number;
  texts: { runMs: number; logits: readonly number[] }[];
}

async function run(workspace: Workspace, opened: EdgePackage, options: Options): Promise<Report> {
  const { folder, edge, manifest, plainFile } = opened;
  const { make, encode } = await textsOf(opened);
  const { texts, seed, transformersFolder } = options;
  const engine = await startRunner(workspace, { name: "engine", source: ENGINE, file: join(folder, edge.file) });
  const stock = await startRunner(workspace, { name: "stock", source: PLAIN, file: plainFile });
  const peers: Peer[] = [
    { name: "engine", worker: engine.worker, loadMs: engine.load.callerMs, texts: [] },
    { name: "stock", worker: stock.worker, loadMs: stock.load.callerMs, texts: [] },
  ];
  if (transformersFolder !== null) {
    const models = await writeModelFolder(workspace, plainFile, manifest.labels);
    peers.push(await startInNode(workspace, "transformers", ["transformers", transformersFolder, models]));
  }
  peers.push(await startInNode(workspace, "nativeInt8", ["native", plainFile]));
  peers.push(await startInNode(workspace, "nativeFp32", ["native", join(folder, manifest.origin.file)]));

  const lengths = fittingLengths(texts, seed);
  const inputs = lengths.map((tokens, index) => encode(make(tokens, index)));
  const warmUp = encode(make(WARM_UP_TOKENS, 0));
  await step("warming up", async () => {
    for (const { worker } of peers) await runPlain(worker, warmUp, WARM_UP_RUNS);
  });
  await step(`${inputs.length} texts on each of ${peers.length} peers`, async () => {
    for (const [index, tokenIds] of inputs.entries()) {
      for (const peer of index % 2 === 0 ? peers : peers.toReversed()) {
        peer.texts.push(await runPlain(peer.worker, tokenIds));
        await sleep(PAUSE_MS);
      }
    }
  });
  const long = encode(make(LONG_TEXT_TOKENS, 0));
  const measured: MeasuredPeer[] = [];
  for (const { worker, ...peer } of peers) {
    const { heapBytes } = await runPlain(worker, warmUp);
    const longTextProblem = await runPlain(worker, long).then(
      () => null,
      (error: Error) => error.message,
    );
    measured.push({ ...peer, memoryBytes: heapBytes, longTextProblem });
  }
  const inWorker = transformersFolder === null ? null : await tryInWorker(workspace, manifest.labels);
  const result = peersResult(measured, inWorker);
  return {
    result: {
      model: shortModelId(opened.modelId),
      texts: inputs.length,
      seed,
      transformersVersion: TRANSFORMERS_VERSION,
      ...result,
    },
    tables: peersTables(result, inputs.length),
    notes: NOTES,
  };
}

/** Of the day's texts that every peer can run. */
function fittingLengths(texts: number, seed: number): number[] {
  const day = dayOf({ seed, texts: 2 * texts });
  return day
    .map(({ tokens }) => tokens)
    .filter((tokens) => tokens <= MAX_TOKENS)
    .slice(0, texts);
}

/** @param what the arguments of node-server.ts behind the port */
async function startInNode(workspace: Workspace, name: PeerName, what: readonly string[]): Promise<Peer> {
  const port = await freePort();
  const command = [process.execPath, "tools/bench/peers/node-server.ts", String(port), ...what];
  const startedAtMs = performance.now();
  const { died, stop, pid } = await workspace.start(name, command, {});
  const url = `http://127.0.0.1:${port}`;
  await waitFor({ url: `${url}/healthz`, isReady: ({ ok }) => ok, died, atMostMs: 60_000, what: name });
  const worker = { name, url, inspectorPort: 0, pid, startMs: performance.now() - startedAtMs, stop };
  const { callerMs } = await step(`loading: ${name}`, () => loadPlain(worker));
  return { name, worker, loadMs: callerMs, texts: [] };
}
