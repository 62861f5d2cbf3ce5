/**
 * Times the engine with a model of DistilBERT's size and random weights.
 *
 *     node engine/bench/main.ts [--lengths 8,32,64,128,256,512] [--seconds 2] [--outliers 30] [--json | --readme]
 *
 * In workerd, and in Node with and without bounds checks in software, which workerd has. Not a test: run it on an idle machine.
 * `--readme` writes the figures to engine/README.md.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { buildEngine, ENGINE_WASM } from "../build/build-engine.ts";
import { decodeHeader, encodeHeader, FORMAT_VERSION } from "../format/header.ts";
import { quantizeEncoder } from "../pack/quantize-encoder.ts";
import { writeWeights } from "../pack/write-weights.ts";
import { planMemory } from "../plan-memory.ts";
import { DISTILBERT, randomEncoder } from "../sample/random-encoder.ts";
import { withWorkerd } from "./in-workerd.ts";
import type { LengthTimes, LoadTimes } from "./measure.ts";
import type { PartTimes } from "./parts.ts";
import { multiplyAdds } from "./work.ts";

interface Measured {
  where: string;
  times: LengthTimes[];
  parts?: PartTimes[];
  load?: LoadTimes;
}

const { values } = parseArgs({
  options: {
    lengths: { type: "string", default: "8,32,64,128,256,512" },
    seconds: { type: "string", default: "2" },
    outliers: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    readme: { type: "boolean", default: false },
  },
});
const lengths = values.lengths.split(",").map(Number);

await buildEngine();
const weightsFile = await sampleWeights(Number(values.outliers));
const measured = [
  await inWorkerd(),
  await inNode("Node, bounds checks in software", ["--wasm-enforce-bounds-checks"]),
  await inNode("Node", []),
];
console.log(values.json ? JSON.stringify(measured.map(summary)) : measured.map(render).join("\n\n"));
if (values.readme) await writeReadme(measured.map(summary), (await stat(ENGINE_WASM)).size);

/** Generates the model once: it takes some 10 s. */
async function sampleWeights(outlierFactor: number): Promise<string> {
  const folder = new URL("../dist/", import.meta.url);
  const file = new URL(`sample-distilbert-${outlierFactor}-v${FORMAT_VERSION}.weights`, folder);
  const exists = await readFile(file).then(
    () => true,
    () => false,
  );
  if (!exists) {
    await mkdir(folder, { recursive: true });
    const weights = randomEncoder(DISTILBERT, { seed: 1, outlierFactor });
    await writeFile(file, writeWeights(quantizeEncoder(weights)).bytes);
  }
  return fileURLToPath(file);
}

async function inWorkerd(): Promise<Measured> {
  const worker = {
    script: new URL("worker.ts", import.meta.url),
    wasm: { file: ENGINE_WASM, importedAs: /engine\.wasm$/ },
    filesFolder: dirname(weightsFile),
  };
  return withWorkerd(worker, async (url) => {
    const ask = async (path: string): Promise<unknown> => {
      const response = await fetch(`${url}${path}`);
      if (!response.ok) throw new Error(`The bench's Worker answered ${response.status}: ${await response.text()}`);
      return response.json();
    };
    const file = weightsFile.split("/").at(-1);
    const load = (await ask(`/load?file=${file}&tokens=${Math.max(...lengths)}`)) as LoadTimes;
    const times: LengthTimes[] = [];
    for (const tokens of lengths) {
      times.push((await ask(`/run?tokens=${tokens}&seconds=${values.seconds}`)) as LengthTimes);
    }
    return { where: "workerd", times, load };
  });
}

async function inNode(where: string, flags: readonly string[]): Promise<Measured> {
  const script = fileURLToPath(new URL("in-node.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    script,
    weightsFile,
    values.lengths,
    values.seconds,
  ]);
  return { where, ...JSON.parse(stdout) };
}

type Summary = ReturnType<typeof summary>;

function summary({ where, times, parts, load }: Measured) {
  const rows = times.map(({ tokens, samples }) => {
    const sorted = samples.toSorted((a, b) => a - b);
    const ms = sorted[0] ?? Number.NaN;
    const msP50 = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    return { tokens, ms, msP50, gmacPerSecond: multiplyAdds(DISTILBERT, tokens) / ms / 1e6 };
  });
  return { where, lengths: rows, ...(load && { load }), ...(parts && { parts }) };
}

function render(one: Measured): string {
  const { where, lengths: rows, load, parts } = summary(one);
  const lines = [where, "tokens   min ms   median ms   GMAC/s"];
  for (const { tokens, ms, msP50, gmacPerSecond } of rows) {
    const cells = [String(tokens).padStart(6), ms.toFixed(1).padStart(8), msP50.toFixed(1).padStart(11)];
    lines.push(`${cells.join(" ")} ${gmacPerSecond.toFixed(1).padStart(8)}`);
  }
  if (load !== undefined) lines.push(`load: ${JSON.stringify(load)}`);
  for (const { tokens, ms } of parts ?? []) {
    const named = Object.entries(ms).sort(([, a], [, b]) => b - a);
    lines.push(
      `parts at ${tokens} tokens, ms: ${named.map(([name, part]) => `${name} ${part.toFixed(2)}`).join(", ")}`,
    );
  }
  return lines.join("\n");
}

/** Replaces what lies between the two comments of the README's section. */
async function writeReadme(places: readonly Summary[], wasmBytes: number): Promise<void> {
  const file = new URL("../README.md", import.meta.url);
  const text = await readFile(file, "utf8");
  const [start, end] = ["--readme`. -->\n", "<!-- end -->"].map(
    (mark) => text.indexOf(mark) + (mark.endsWith("\n") ? mark.length : 0),
  );
  if (start === undefined || end === undefined || end < start)
    throw new Error("engine/README.md has no place for the figures.");
  await writeFile(file, text.slice(0, start) + readmeFigures(places, wasmBytes) + text.slice(end));
}

function readmeFigures(places: readonly Summary[], wasmBytes: number): string {
  const [first, ...others] = places;
  const shown = [first, others.at(-1)].filter((place) => place !== undefined);
  const ms = (value: number | undefined) => (value ?? Number.NaN).toFixed(1);
  const rows = (first?.lengths ?? []).map(({ tokens, gmacPerSecond }, index) => {
    const cells = shown.flatMap(({ lengths: all }) => [ms(all[index]?.ms), ms(all[index]?.msP50)]);
    return [`${tokens}`, ...cells, gmacPerSecond.toFixed(0)];
  });
  const heads = shown.flatMap(({ where }) => [`${where}: min`, "median"]);
  const header = decodeHeader(encodeHeader(DISTILBERT, [], 0));
  const mebibytes = [64, 128, 256, 512].map(
    (tokens) => `${(planMemory(header, tokens).totalBytes / 2 ** 20).toFixed(1)} (${tokens})`,
  );
  return `
DistilBERT's size (66 million weights), random; milliseconds of one text on one thread. ${cpus()[0]?.model.trim() ?? "Unknown CPU"}, ${cpus().length} CPUs, load average
${(loadavg()[0] ?? 0).toFixed(1)}; above the number of CPUs, times are too long, and the medians more than the minima.

${alignedTable(["tokens", ...heads, `GMAC/s in ${first?.where}`], rows)}

In ${first?.where}, loading takes ${ms(first?.load?.loadMs)} ms in pieces of at most ${ms(first?.load?.longestWriteMs)} ms, and the first run of 8 tokens ${ms(first?.load?.firstRunMs)} ms.
Memory: ${mebibytes.join(", ")} MiB for at most so many tokens. The kernels have ${wasmBytes} bytes.

`;
}

/** A Markdown table as a formatter aligns it. */
function alignedTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
