/**
 * Times the engine with a model of DistilBERT's size and random weights.
 *
 *     node engine/bench/main.ts [--lengths 8,32,64,128,256,512] [--seconds 2] [--outliers 30] [--json]
 *
 * In workerd, and in Node with and without bounds checks in software, which workerd has. Not a test: run it on an idle machine.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { buildEngine } from "../build/build-engine.ts";
import { quantizeEncoder } from "../pack/quantize-encoder.ts";
import { writeWeights } from "../pack/write-weights.ts";
import { DISTILBERT, randomEncoder } from "../sample/random-encoder.ts";
import { withWorkerd } from "./in-workerd.ts";
import type { LengthTimes } from "./measure.ts";
import type { PartTimes } from "./parts.ts";
import { multiplyAdds } from "./work.ts";

interface Measured {
  where: string;
  times: LengthTimes[];
  parts?: PartTimes[];
  load?: Record<string, unknown>;
}

const { values } = parseArgs({
  options: {
    lengths: { type: "string", default: "8,32,64,128,256,512" },
    seconds: { type: "string", default: "2" },
    outliers: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
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

/** Generates the model once: it takes some 10 s. */
async function sampleWeights(outlierFactor: number): Promise<string> {
  const folder = new URL("../dist/", import.meta.url);
  const file = new URL(`sample-distilbert-${outlierFactor}.weights`, folder);
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
  return withWorkerd(weightsFile, async (ask) => {
    const file = weightsFile.split("/").at(-1);
    const load = (await ask(`/load?file=${file}&tokens=${Math.max(...lengths)}`)) as Record<string, unknown>;
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
