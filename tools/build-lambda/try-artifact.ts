/**
 * Runs the artifact in a process with an empty folder, Lambda's environment and no permission to read other files, so that it
 * cannot use a module or model file that only this checkout has.
 */
import { closeSync, existsSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type OriginAnswer, originAnswerSchema } from "../../formats/origin-wire.ts";
import { toFunctionUrlEvent, toHttpResponse } from "../local-lambda/function-url.ts";
import { type Instance, startInstance } from "../local-lambda/instance.ts";
import { createPool, type Pool } from "../local-lambda/pool.ts";
import { type Architecture, MODEL_FOLDER } from "./artifact-files.ts";

/** MemorySize of template.yaml. */
const MEMORY_MIB = 3072;
const TEXT = "WIN a free prize now, click here";
const root = fileURLToPath(new URL("../..", import.meta.url));

export interface ArtifactTrial {
  /** The label with the highest logit for a short text. */
  label: string;
  /** From the start of the process until the model was verified and loaded. */
  initMs: number;
  /** Time of the first invocation. */
  firstMs: number;
  /** Time of the second invocation. */
  warmMs: number;
  /** Peak memory of the process; null if the system does not report it. */
  peakMiB: number | null;
}

/** Why the artifact cannot run on this machine; null if it can. */
export function otherPlatform(arch: Architecture): string | null {
  const [here, built] = [`${process.platform}/${process.arch}`, `linux/${arch}`];
  return here === built ? null : `it is for ${built} and this machine is ${here}`;
}

/**
 * @param folder the function's root, with no other files in it
 * @throws Error with one sentence, followed by the function's output
 */
export async function tryArtifact(
  folder: string,
  expected: { modelId: string; publicKeyPem: string },
): Promise<ArtifactTrial> {
  refuseModulesAbove(folder);
  const outputFile = `${folder}.output`;
  const output = openSync(outputFile, "w");
  const instances: Instance[] = [];
  const environment = lambdaEnvironment(folder, expected.publicKeyPem);
  const start = () => {
    const instance = startInstance(environment, output);
    instances.push(instance);
    return instance;
  };
  const pool = createPool(
    { concurrencyLimit: 1, timeoutMs: 60_000, initTimeoutMs: 120_000, warmMs: 600_000 },
    start,
    Date.now,
  );
  try {
    const initMs = await timed(async () => {
      const reason = await pool.prewarm();
      if (reason !== null) throw new Error(`it did not start: ${reason}`);
    });
    const first = await ask(pool, expected.modelId);
    const warm = await ask(pool, expected.modelId);
    const printed = await readFile(outputFile, "utf8");
    if (printed !== "") throw new Error("it printed something, which only a crash should");
    return {
      label: first.label,
      initMs,
      firstMs: first.tookMs,
      warmMs: warm.tookMs,
      peakMiB: await peak(instances[0]),
    };
  } catch (error) {
    const printed = (await readFile(outputFile, "utf8")).trim();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The artifact does not answer in a clean process: ${why}${printed && `\n${printed}`}`);
  } finally {
    await pool.stop();
    closeSync(output);
  }
}

/** Node looks for modules in every folder above, so it could find one that the artifact lacks. */
function refuseModulesAbove(folder: string): void {
  for (let above = dirname(folder); ; above = dirname(above)) {
    const modules = join(above, "node_modules");
    if (existsSync(modules)) {
      throw new Error(
        `${modules} would hide modules that the artifact lacks: set TMPDIR to a folder with no node_modules above it.`,
      );
    }
    if (above === dirname(above)) return;
  }
}

/** The whole environment of the process: the variables that Lambda and template.yaml set. */
function lambdaEnvironment(folder: string, publicKeyPem: string): Record<string, string> {
  const runtime = ["tools/local-lambda/runtime.ts", "tools/local-lambda/frames.ts", "package.json"];
  const readable = [join(folder, "*"), ...runtime.map((file) => join(root, file))];
  return {
    NODE_OPTIONS: [
      "--permission",
      ...readable.map((path) => `"--allow-fs-read=${path}"`),
      "--allow-addons",
      "--disable-warning=SecurityWarning",
    ].join(" "),
    SPILLWAY_MODEL_DIR: join(folder, MODEL_FOLDER),
    MODEL_PUBLIC_KEY: publicKeyPem,
    TZ: ":UTC",
    LANG: "en_US.UTF-8",
    _HANDLER: "handler.handler",
    LAMBDA_TASK_ROOT: folder,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: "spillway-origin",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MIB),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/spillway-origin",
    AWS_LAMBDA_LOG_STREAM_NAME: "build",
  };
}

async function ask(pool: Pool, modelId: string): Promise<{ label: string; tookMs: number }> {
  const requestId = crypto.randomUUID();
  const body = Buffer.from(JSON.stringify({ text: TEXT, maxTokens: 512 }));
  const headers = new Map([
    ["host", ["abcdefghij.lambda-url.us-east-1.on.aws"]],
    ["content-type", ["application/json"]],
  ]);
  const request = { method: "POST", rawPath: "/", rawQuery: "", headers, body, sourceIp: "192.0.2.1" };
  const event = toFunctionUrlEvent(request, { requestId, nowMs: Date.now(), accessKeyId: "AKIDEXAMPLE" });
  const startedAtMs = performance.now();
  const outcome = await pool.invoke(requestId, event);
  const tookMs = performance.now() - startedAtMs;
  if (outcome.kind !== "answered") throw new Error(outcome.kind === "failed" ? outcome.reason : outcome.kind);
  const response = toHttpResponse(outcome.result);
  const text = response.body.toString("utf8");
  if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode} ${text}`);
  return { label: labelOf(originAnswerSchema.parse(JSON.parse(text)), modelId), tookMs };
}

function labelOf({ model, labels, windows, usage }: OriginAnswer, modelId: string): string {
  if (model !== modelId) throw new Error(`it answered with the model ${model}, not ${modelId}`);
  if (usage?.memoryMiB !== MEMORY_MIB) {
    throw new Error(
      `it reports ${usage?.memoryMiB} MiB of memory, and AWS_LAMBDA_FUNCTION_MEMORY_SIZE is ${MEMORY_MIB}`,
    );
  }
  const logits = windows[0]?.logits ?? [];
  return labels[logits.indexOf(Math.max(...logits))] ?? "";
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

async function peak(instance: Instance | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${instance?.pid}/status`, "utf8").catch(() => "");
  const peakKiB = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return peakKiB === undefined ? null : Number(peakKiB) / 1024;
}
