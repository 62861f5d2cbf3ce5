/**
 * The process of an instance, in the role of Lambda's Node.js runtime: it imports the handler module (INIT), then answers one event
 * at a time. Started by instance.ts only.
 *
 * Between two events it is frozen, as on Lambda: it waits for the next event with a *blocking* read, so no timer, promise or request
 * of the last invocation runs. If the pool's process ends, the pipe closes, which ends the read and this process.
 */
import { existsSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { HEADER_BYTES, type Invocation, type Reply, toFrame } from "./frames.ts";

const CHANNEL_FD = 3;

type Handler = (event: unknown, context: LambdaContext) => unknown;
type LambdaContext = ReturnType<typeof contextFor>;

// The channel is not read during an invocation. stdin, which is otherwise unused, shows that the pool's process has ended.
process.stdin.on("close", () => process.exit(1)).resume();

await main();

async function main(): Promise<never> {
  const handler = await init();
  for (;;) send(await answer(handler, receive()));
}

async function init(): Promise<Handler> {
  try {
    const handler = await importHandler();
    send({ kind: "ready" });
    return handler;
  } catch (error) {
    send({ kind: "init-failed", reason: error instanceof Error ? error.message : describe(error) });
    process.exit(1);
  }
}

/** `_HANDLER` is `<module>.<export>`, relative to `LAMBDA_TASK_ROOT`. */
async function importHandler(): Promise<Handler> {
  const named = process.env["_HANDLER"] ?? "";
  const dot = named.lastIndexOf(".");
  const base = join(process.env["LAMBDA_TASK_ROOT"] ?? "", named.slice(0, dot));
  const file = [".ts", ".mjs", ".js"].map((extension) => base + extension).find(existsSync);
  if (!file) throw new Error(`Cannot find module '${base}' (.ts, .mjs or .js)`);
  const exported: unknown = (await import(pathToFileURL(file).href))[named.slice(dot + 1)];
  if (typeof exported !== "function") throw new Error(`${named} is undefined or not exported`);
  return (event, context) => exported(event, context);
}

async function answer(handler: Handler, invocation: Invocation): Promise<Reply> {
  try {
    return { kind: "answered", result: await handler(invocation.event, contextFor(invocation)) };
  } catch (error) {
    return { kind: "failed", reason: describe(error) };
  }
}

function contextFor({ requestId, deadlineMs }: Invocation) {
  const functionName = process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "";
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: process.env["AWS_LAMBDA_FUNCTION_VERSION"] ?? "",
    invokedFunctionArn: `arn:aws:lambda:${process.env["AWS_REGION"]}:000000000000:function:${functionName}`,
    memoryLimitInMB: process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? "",
    logGroupName: process.env["AWS_LAMBDA_LOG_GROUP_NAME"] ?? "",
    logStreamName: process.env["AWS_LAMBDA_LOG_STREAM_NAME"] ?? "",
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function receive(): Invocation {
  const lengthBytes = readExactly(HEADER_BYTES).readUInt32BE();
  return JSON.parse(readExactly(lengthBytes).toString("utf8"));
}

function readExactly(sizeBytes: number): Buffer {
  const buffer = Buffer.alloc(sizeBytes);
  let filledBytes = 0;
  while (filledBytes < sizeBytes) {
    const readBytes = readSync(CHANNEL_FD, buffer, filledBytes, sizeBytes - filledBytes, null);
    if (readBytes === 0) process.exit(0);
    filledBytes += readBytes;
  }
  return buffer;
}

function send(reply: Reply): void {
  const frame = toFrame(reply);
  let writtenBytes = 0;
  while (writtenBytes < frame.length) writtenBytes += writeSync(CHANNEL_FD, frame, writtenBytes);
}

/** Only the error's class and place: the message of an error during an invocation could quote the text. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const place = error.stack?.split("\n").find((line) => line.startsWith("    at "));
  return `${error.name}${place ? ` ${place.trim()}` : ""}`;
}
