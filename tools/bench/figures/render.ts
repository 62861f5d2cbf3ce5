/** What the pages show of a bench's JSON, as Markdown. Pure; every number comes from the measurement. */
import { z } from "zod";
import { markdownTable, wrapped } from "../../docs/markdown.ts";
import { hundredths, percentile, tenths } from "../../statistics.ts";
import type { Block } from "./blocks.ts";

/** What each bench's JSON names beside its numbers. */
const measured = {
  /** All figures of the pages are of the generated model. */
  model: z.string().startsWith("distilbert@", "must be the model of --model distilbert"),
  startedAt: z.string(),
  machine: z.object({ cpus: z.number(), cpu: z.string(), loadAtStart: z.number() }),
};
type Measured = z.infer<z.ZodObject<typeof measured>>;

export const engineSchema = z.object({
  ...measured,
  bench: z.literal("engine"),
  rounds: z.number(),
  weightBytes: z.number(),
  lengths: z.array(
    z.object({
      tokens: z.number(),
      engineMs: z.number(),
      stockMs: z.number(),
      nativeInt8Ms: z.number(),
      nativeFp32Ms: z.number(),
      engineOverStock: z.number(),
      engineOverStockP50: z.number(),
      engineOverNativeInt8: z.number(),
    }),
  ),
  batches: z.array(z.object({ texts: z.number(), tokens: z.number(), togetherOverOneByOne: z.number() })),
});
type Engine = z.infer<typeof engineSchema>;

export const holdSchema = z.object({
  ...measured,
  bench: z.literal("hold"),
  maxAddedMs: z.number(),
  loads: z.number(),
  rows: z.array(
    z.object({
      meanwhile: z.string(),
      request: z.string(),
      aloneP95Ms: z.number(),
      meanwhileP95Ms: z.number(),
      aloneSamples: z.number(),
      samples: z.number(),
    }),
  ),
});
type Hold = z.infer<typeof holdSchema>;

export const replaySchema = z.object({
  ...measured,
  bench: z.literal("replay"),
  texts: z.number(),
  p95EdgeMs: z.number(),
  p95LambdaMs: z.number(),
  waitedForEdgeColdStart: z.literal(0),
});

export const coldSchema = z.object({
  ...measured,
  bench: z.literal("cold"),
  gateway: z.object({
    p50: z.object({ loadMs: z.number() }),
    samples: z.array(z.unknown()),
    edgeAnswer: z.object({ firstOverWarm: z.number() }),
  }),
  plain: z.object({ p50: z.object({ loadMs: z.number() }), loadOverPlain: z.number() }),
});
type Cold = z.infer<typeof coldSchema>;

const accounted = z.object({
  wasmHeapMiB: z.number(),
  v8UsedMiB: z.number(),
  embedderMiB: z.number(),
  backingStorageMiB: z.number(),
  totalMiB: z.number(),
});
export const memorySchema = z.object({
  ...measured,
  bench: z.literal("memory"),
  budgetMiB: z.number(),
  stages: z.array(z.object({ stage: z.string(), after: accounted, peak: accounted.nullable() })),
});
type Memory = z.infer<typeof memorySchema>;

/** As it is shown and recorded: below 10 ms one decimal. More digits are noise. */
export function shownMs(ms: number): number {
  return ms < 10 ? tenths(ms) : Math.round(ms);
}

/** The command that measures again what `spillway plan` records. */
export function engineCommand({ rounds }: Pick<Engine, "rounds">): string {
  return `npm run bench -- engine --model distilbert --rounds ${rounds}`;
}

/** "AMD EPYC 7B13, 2 CPUs" */
export function machineOf({ machine: { cpus, cpu } }: Measured): string {
  return `${cpu.trim()}, ${cpus} CPUs`;
}

/** Times by length, and what short texts gain by running together. */
export function engineBlocks(engine: Engine): Block[] {
  const facts = `\`${engineCommand(engine)}\` (${conditionsOf(engine)}; fastest of ${engine.rounds} alternating rounds, ratios of medians in parentheses):`;
  const times = markdownTable(
    [
      "tokens",
      "engine, ms",
      "onnxruntime-web, ms",
      "native INT8, ms",
      "native FP32, ms",
      "engine ÷ onnxruntime-web",
      "engine ÷ native INT8",
    ],
    engine.lengths.map((row) => [
      `${row.tokens}`,
      ...[row.engineMs, row.stockMs, row.nativeInt8Ms, row.nativeFp32Ms].map((ms) => `${shownMs(ms)}`),
      `${two(row.engineOverStock)} (${two(row.engineOverStockP50)})`,
      two(row.engineOverNativeInt8),
    ]),
  );
  const ratios = engine.batches
    .filter(({ texts }) => texts === 4)
    .map(({ tokens, togetherOverOneByOne }) => `${two(togetherOverOneByOne)} for ${tokens} tokens each`);
  const together = `Four texts as one run, over the same texts one after another: ${listed(ratios)}.`;
  return [
    { name: "times", text: `${wrapped(facts)}\n\n${times}` },
    { name: "short texts", text: wrapped(together) },
  ];
}

/** What each request waits: without the load or the run and meanwhile, and how much that adds. */
export function holdBlocks(hold: Hold): Block[] {
  const facts = `\`npm run bench -- hold --model distilbert --loads ${hold.loads}\` (${conditionsOf(hold)}), 95th percentiles in ms; the number of requests in parentheses:`;
  const table = markdownTable(
    ["meanwhile", "request", "without", "meanwhile", "more", `at most ${hold.maxAddedMs}`],
    hold.rows.map((row) => {
      const moreMs = tenths(row.meanwhileP95Ms - row.aloneP95Ms);
      return [
        row.meanwhile,
        row.request,
        `${row.aloneP95Ms} (${row.aloneSamples})`,
        `${row.meanwhileP95Ms} (${row.samples})`,
        `${moreMs}`,
        moreMs <= hold.maxAddedMs ? "yes" : "NO",
      ];
    }),
  );
  return [{ name: "waits", text: `${wrapped(facts)}\n\n${table}` }];
}

/** How long a load takes, beside a plain Worker's, and how slow the first answer is. */
export function coldBlocks(cold: Cold): Block[] {
  const { gateway, plain } = cold;
  const text = `In \`npm run bench -- cold --model distilbert\` (${conditionsOf(cold)}) a load took ${Math.round(gateway.p50.loadMs)} ms, the median of ${gateway.samples.length}, against ${Math.round(plain.p50.loadMs)} ms of a plain Worker with onnxruntime-web that verifies nothing: ${two(plain.loadOverPlain)} of its time. The edge's first answer took ${two(gateway.edgeAnswer.firstOverWarm)} times as long as a warm one.`;
  return [{ name: "cold start", text: wrapped(text) }];
}

/** The largest reading of each stage. */
export function memoryBlocks(memory: Memory): Block[] {
  const facts = `\`npm run bench -- memory --model distilbert\` (${conditionsOf(memory)}), the largest reading of each stage in MiB; the budget is ${memory.budgetMiB}:`;
  const rows = memory.stages.map(({ stage, after, peak }) => {
    const most = peak !== null && peak.totalMiB > after.totalMiB ? peak : after;
    return { stage, ...most };
  });
  const table = markdownTable(
    ["stage", "wasm", "V8's heap", "embedder", "buffers", "total"],
    rows.map((row) => [
      row.stage,
      ...[row.wasmHeapMiB, row.v8UsedMiB, row.embedderMiB, row.backingStorageMiB, row.totalMiB].map((mib) =>
        mib.toFixed(1),
      ),
    ]),
  );
  const peak = percentile(
    rows.map(({ totalMiB }) => totalMiB),
    100,
  );
  return [{ name: "peaks", text: `${wrapped(facts)}\n\n${table}\n\nThe peak is ${peak.toFixed(1)} MiB.` }];
}

function conditionsOf(one: Measured): string {
  return `${one.startedAt.slice(0, 10)}, ${machineOf(one)}, load average ${one.machine.loadAtStart} at the start`;
}

/** The first number of the README. */
export function replayBlocks({ texts, p95EdgeMs, p95LambdaMs }: z.infer<typeof replaySchema>): Block[] {
  const ms = (value: number) => `${Math.round(value).toLocaleString("en-US")} ms`;
  const sentence = `- **No wait for Lambda's cold starts.** In a replayed day of ${texts} texts, the P95 of a DistilBERT is ${ms(p95EdgeMs)} at the edge and ${ms(p95LambdaMs)} on Lambda (\`npm run bench -- replay\`, [results](docs/internals/results.md#replay)).`;
  return [{ name: "replay", text: wrapped(sentence).replaceAll("\n", "\n  ") }];
}

function two(value: number): string {
  return hundredths(value).toFixed(2);
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
