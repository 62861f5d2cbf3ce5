/** docs/internals/peers.md, from the JSON of the bench `peers`. Pure. */
import { PEER_FACTS } from "./names.ts";
import { ISOLATE_MIB, type PeersJson } from "./report.ts";

export const COMMAND = "npm run -s bench -- peers --json";
export const SCRIPT = "tools/bench/peers/write.ts";

export function peersPage(data: PeersJson): string {
  const { model, texts, seed, machine, startedAt, commit, peers, transformersInWorker, transformersVersion } = data;
  const header = ["peer", "P50", "P95", "P99", "engine ÷ peer, P95", "load", "memory", "labels as FP32"];
  const rows = peers.map((peer) => [
    PEER_FACTS[peer.name].title,
    `${peer.p50Ms} ms`,
    `${peer.p95Ms} ms`,
    `${peer.p99Ms} ms`,
    String(peer.engineOverPeer),
    `${peer.loadMs} ms`,
    `${peer.memoryMiB} MiB`,
    `${peer.sameLabel} of ${texts}`,
  ]);
  return `${[
    `<!-- Written by node ${SCRIPT} from ${COMMAND}. Do not edit. -->`,
    "",
    "# Peers on the same work",
    "",
    "Other programs run the same model. This page shows how fast they are on the same texts, and what each leaves to its user.",
    "",
    `Measured on ${startedAt.slice(0, 10)} at commit ${commit ?? "unknown"}: ${model}, DistilBERT's size with random weights, ${texts} texts of the`,
    `[replayed day](../../tools/bench/replay/day.ts) with seed ${seed}. ${machine.cpus} CPUs (${machine.cpu}), ${machine.node}, load average`,
    `${machine.loadAtStart} at the start. Each text runs on each peer in turn. Times are each peer's own clock, without HTTP.`,
    "",
    ...markdownTable(header, rows),
    "",
    `Memory is the wasm heap in a Worker, where all of an isolate has ${ISOLATE_MIB} MB, and the resident memory of the process in Node. Labels have no`,
    "meaning with random weights, beyond their agreement with FP32. The model has a few channels that are thirty times larger than the others, as",
    "pretrained ones of this size have. INT8 in the form of ONNX Runtime's dynamic quantizer loses the others' precision, and with it most labels.",
    "",
    "## What each cannot do",
    "",
    ...peers.flatMap(({ name, longTextProblem, memoryMiB }) => {
      const { title, runs, cannot } = PEER_FACTS[name];
      return [
        `**${title}**: ${runs}.`,
        "",
        ...cannot.map((one) => `- ${one}`),
        ...measuredLines({ longTextProblem, memoryMiB, isWorker: name === "engine" || name === "stock" }),
        "",
      ];
    }),
    ...(transformersInWorker === null ? [] : inWorkerLines(transformersInWorker, transformersVersion)),
    "Spillway as a whole does these at the edge and at the origin: it tokenizes, verifies a signature and every byte, compares golden logits before",
    "an isolate is ready, yields between the steps of a run, and classifies longer texts on Lambda, in windows of 512 tokens.",
    "",
    "## Measure it again",
    "",
    "```sh",
    `${COMMAND} > peers.json`,
    `npx node ${SCRIPT} peers.json`,
    "```",
    "",
    "On a busy machine only the ratios are meaningful. `npm run bench -- engine` compares by length instead: [edge engine](engine.md).",
  ].join("\n")}\n`;
}

function measuredLines(given: { longTextProblem: string | null; memoryMiB: number; isWorker: boolean }): string[] {
  const { longTextProblem, memoryMiB, isWorker } = given;
  return [
    ...(isWorker && memoryMiB > ISOLATE_MIB
      ? [`- Measured: its heap has ${memoryMiB} MiB, more than an isolate may have.`]
      : []),
    ...(longTextProblem === null ? [] : ["- Measured: a text of 600 tokens fails."]),
  ];
}

function inWorkerLines(
  { uploadGzipMb, attempts }: NonNullable<PeersJson["transformersInWorker"]>,
  version: string,
): string[] {
  return [
    "**transformers.js in a Worker**",
    "",
    `- A Worker with transformers.js ${version} and the WebAssembly that it needs has an upload of ${uploadGzipMb} MB gzipped; the conservative bound is 10 MB.`,
    ...attempts.map(({ how, problem }) =>
      problem === null
        ? `- ${how[0]?.toUpperCase()}${how.slice(1)}, it loads in workerd; no text was run.`
        : `- ${how[0]?.toUpperCase()}${how.slice(1)}, it does not load in workerd: \`${problem.replaceAll("`", "'")}\``,
    ),
    "- It is no dependency of this repository: it needs a second onnxruntime-web (141 MB on disk) and sharp, whose libvips is under the LGPL. The",
    "  bench installs it on demand.",
    "",
  ];
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
