/**
 * `node tools/bench/figures/record.ts <json>…`: writes what the benches `engine`, `hold`, `cold` and `memory` measured, with
 * `--model distilbert --json`, and `replay` and `plan` with `--json`, to the pages that show it, to the pictures, and to what `spillway plan`
 * computes with. A further JSON of `engine`, of another model, gives the picture its accuracy.
 */
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { readUserText } from "../../process/read-text.ts";
import { enginePicture, pictureSchema as enginePictureSchema } from "../engine/picture.ts";
import { memoryPicture, pictureSchema as memoryPictureSchema } from "../memory/picture.ts";
import { planBlocks, planSchema } from "../plan/report.ts";
import { type Block, replaceBlock } from "./blocks.ts";
import {
  coldBlocks,
  coldSchema,
  engineBlocks,
  engineCommand,
  engineSchema,
  holdBlocks,
  holdSchema,
  machineOf,
  memoryBlocks,
  memorySchema,
  replayBlocks,
  replaySchema,
  shownMs,
} from "./render.ts";

const CHECKOUT = new URL("../../../", import.meta.url);
const ENGINE_PAGE = "docs/internals/engine.md";
const MEMORY_PAGE = "docs/internals/memory.md";
const PLAN_FILE = "tools/spillway/plan/recorded-engine.json";

/** Bench `plan` has no model: it runs what `npm start` runs. */
const benchSchema = z.object({ bench: z.string(), model: z.string().default("") });
type Json = z.infer<typeof benchSchema>;

try {
  const names = process.argv.slice(2);
  if (names.length === 0) throw new Error("Usage: node tools/bench/figures/record.ts <json of a bench>…");
  const all = await Promise.all(names.map(readResult));
  const moreOfEngine = all.filter(({ bench, model }) => bench === "engine" && !isGenerated(model));
  for (const json of all.filter((one) => !moreOfEngine.includes(one))) await record(json, moreOfEngine);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function record(json: Json, moreOfEngine: readonly Json[]): Promise<void> {
  switch (json.bench) {
    case "engine": {
      const engine = checked(engineSchema, json);
      await writeBlocks(ENGINE_PAGE, engineBlocks(engine));
      const lengths = engine.lengths.map(({ tokens, engineMs, nativeFp32Ms }) => ({
        ...{ tokens, engineMs: shownMs(engineMs), nativeFp32Ms: shownMs(nativeFp32Ms) },
      }));
      const date = engine.startedAt.slice(0, 10);
      const { weightBytes } = engine;
      const command = engineCommand(engine);
      await writePlan({ command, machine: machineOf(engine), date, weightBytes, lengths });
      const [data, ...more] = [json, ...moreOfEngine].map((one) => checked(enginePictureSchema, one));
      if (data !== undefined) await write("docs/images/engine.svg", enginePicture(data, more));
      return;
    }
    case "hold":
      return writeBlocks(ENGINE_PAGE, holdBlocks(checked(holdSchema, json)));
    case "cold": {
      const cold = checked(coldSchema, json);
      await writeBlocks(ENGINE_PAGE, coldBlocks(cold));
      return writePlan({ loadMs: Math.round(cold.gateway.p50.loadMs) });
    }
    case "replay":
      return writeBlocks("README.md", replayBlocks(checked(replaySchema, json)));
    case "plan":
      return writeBlocks("docs/guide/plan.md", planBlocks(checked(planSchema, json)));
    case "memory":
      await writeBlocks(MEMORY_PAGE, memoryBlocks(checked(memorySchema, json)));
      return write("docs/images/memory.svg", memoryPicture(checked(memoryPictureSchema, json)));
    default:
      throw new Error(
        `Of bench "${json.bench}" nothing is recorded; allowed are engine, hold, cold, memory, replay and plan.`,
      );
  }
}

async function writeBlocks(page: string, blocks: readonly Block[]): Promise<void> {
  await write(page, blocks.reduce(replaceBlock, await readFile(new URL(page, CHECKOUT), "utf8")));
}

/** Keeps the fields that another bench measures. */
async function writePlan(fields: Readonly<Record<string, unknown>>): Promise<void> {
  const before = JSON.parse(await readFile(new URL(PLAN_FILE, CHECKOUT), "utf8"));
  await write(PLAN_FILE, `${JSON.stringify({ ...before, ...fields }, null, 2)}\n`);
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(new URL(path, CHECKOUT), text);
  console.log(path);
}

/** The last line: npm prints lines before the JSON. */
async function readResult(name: string): Promise<Json> {
  const line = (await readUserText(name)).trimEnd().split("\n").at(-1) ?? "";
  try {
    return z.looseObject(benchSchema.shape).parse(JSON.parse(line));
  } catch {
    throw new Error(`${name} has no result of a bench; make it with: npm run -s bench -- <name> --json > ${name}`);
  }
}

function checked<Data>(schema: z.ZodType<Data>, json: Json): Data {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [{ path, message } = { path: [], message: "" }] = parsed.error.issues;
  throw new Error(`The JSON of bench ${json.bench}: ${path.join(".")}: ${message}. Measure again with this checkout.`);
}

function isGenerated(model: string): boolean {
  return model.startsWith("distilbert@");
}
