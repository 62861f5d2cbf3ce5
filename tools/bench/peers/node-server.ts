/**
 * `node node-server.ts <port> native <file>` or `… transformers <package folder> <model folder>`: a peer in one Node process, with the requests of the
 * plain Worker. `heapBytes` is the resident memory of the process.
 */
import { createServer, type IncomingMessage } from "node:http";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nativeRunner } from "../engine/native.ts";
import { type LoadedModel, modelWorker } from "../plain/model-worker.ts";
import { MODEL_NAME } from "./transformers.ts";

type RunText = (tokenIds: readonly number[]) => Promise<number[]>;

const [port, kind, first = "", second = ""] = process.argv.slice(2);

const worker = modelWorker(async (_, wasRead): Promise<LoadedModel> => {
  wasRead();
  const run = kind === "transformers" ? await openTransformers(first, second) : await openNative(first);
  return {
    heapBytes: () => process.memoryUsage.rss(),
    async run(texts) {
      const logits: number[][] = [];
      for (const tokenIds of texts) logits.push(await run(tokenIds));
      return logits;
    },
  };
});

const server = createServer(async (incoming, outgoing) => {
  try {
    const { method = "GET", url = "/" } = incoming;
    const body = method === "POST" ? await bodyOf(incoming) : null;
    const request = new Request(`http://127.0.0.1${url}`, { method, body });
    const response = await worker.fetch(request, { MODELS: { get: async () => NO_OBJECT } });
    outgoing.writeHead(response.status).end(await response.text());
  } catch (error) {
    outgoing.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
});
server.listen(Number(port), "127.0.0.1");

/** The model is read from its file. */
const NO_OBJECT = { body: new ReadableStream<Uint8Array>(), arrayBuffer: async () => new ArrayBuffer(0) };

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function openNative(file: string): Promise<RunText> {
  const run = await nativeRunner(file);
  return async (tokenIds) => (await run(tokenIds, 1)).logits;
}

/** The part of transformers.js that is used. */
interface Transformers {
  env: { allowRemoteModels: boolean; localModelPath: string };
  AutoModelForSequenceClassification: {
    from_pretrained(
      name: string,
      options: object,
    ): Promise<(inputs: Record<string, unknown>) => Promise<{ logits: { data: Float32Array } }>>;
  };
  Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => unknown;
}

async function openTransformers(packageFolder: string, modelFolder: string): Promise<RunText> {
  const file = resolve(packageFolder, "dist/transformers.node.mjs");
  const { env, AutoModelForSequenceClassification, Tensor }: Transformers = await import(pathToFileURL(file).href);
  env.allowRemoteModels = false;
  env.localModelPath = join(modelFolder, "/");
  const model = await AutoModelForSequenceClassification.from_pretrained(MODEL_NAME, {
    dtype: "q8",
    device: "cpu",
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
  return async (tokenIds) => {
    const row = (values: readonly number[]) =>
      new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
    const { logits } = await model({ input_ids: row(tokenIds), attention_mask: row(tokenIds.map(() => 1)) });
    return [...logits.data];
  };
}
