/** The V8 inspector of a Worker's isolate, through workerd's inspector port (Chrome DevTools protocol). */
import { z } from "zod";
import type { RunningWorker } from "../system/running-worker.ts";

const MAX_ANSWER_MS = 60_000;

/** https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-getHeapUsage, all in bytes. */
const heapUsageSchema = z.object({
  /** Objects on V8's heap, garbage not yet collected among them. */
  usedSize: z.number(),
  /** Size of V8's heap, used or not. */
  totalSize: z.number(),
  /** workerd's own objects on its C++ heap. */
  embedderHeapUsedSize: z.number(),
  /** ArrayBuffers, which are outside V8's heap. */
  backingStorageSize: z.number(),
});
export type HeapUsage = z.infer<typeof heapUsageSchema>;

/** Bytes in V8's heap, in workerd's own heap, and in buffers outside them. */
export function heapUsageBytes({ usedSize, embedderHeapUsedSize, backingStorageSize }: HeapUsage): number {
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

const chunkSchema = z.object({
  method: z.literal("HeapProfiler.addHeapSnapshotChunk"),
  params: z.object({ chunk: z.string() }),
});
const isolateSchema = z.object({ id: z.string() });
/** Of the Workers in the process. Miniflare names those of the user so, and its helpers otherwise. */
const USER_TARGET = /^core:user:/;
const targetsSchema = z.array(z.object({ id: z.string(), webSocketDebuggerUrl: z.string() }));
const answerSchema = z.object({
  id: z.number(),
  /** workerd's answer to a heap snapshot has none. */
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** A connection to one isolate. Its methods throw an Error with one sentence when the isolate was restarted. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  /** Of the snapshot in progress. */
  #chunks: string[] = [];
  #broken: string | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("close", () => this.#fail("The connection to the isolate's inspector was closed."));
  }

  /**
   * @param name of the Worker, in a process with several of the user
   * @throws Error if the inspector refuses the connection
   */
  static async connect(
    { inspectorPort }: Pick<RunningWorker, "inspectorPort">,
    name: string | null = null,
  ): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
    const isWanted = (id: string) => (name === null ? USER_TARGET.test(id) : id === `core:user:${name}`);
    const target = targetsSchema.parse(await response.json()).find(({ id }) => isWanted(id));
    if (target === undefined) throw new Error("workerd's inspector shows no isolate of the Worker.");
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error("The isolate's inspector refused the connection.")), {
        once: true,
      });
    });
    return new Inspector(socket);
  }

  /** Answered when the isolate's thread is free: an inference or a compilation is not interrupted. */
  async heapUsage(): Promise<HeapUsage> {
    return heapUsageSchema.parse(await this.#call("Runtime.getHeapUsage"));
  }

  /** The same right after a garbage collection, which stops the isolate for about a second. */
  async collectedHeapUsage(): Promise<HeapUsage> {
    // Without the profiler this call has no answer. With it allocations are slower, so it is disabled again.
    await this.#call("HeapProfiler.enable");
    await this.#call("HeapProfiler.collectGarbage");
    await this.#call("HeapProfiler.disable");
    return this.heapUsage();
  }

  /** All objects and strings of V8's heap after a garbage collection, as V8's JSON. Of a string, the first 1024 characters. */
  async heapSnapshot(): Promise<string> {
    this.#chunks = [];
    await this.#call("HeapProfiler.enable");
    await this.#call("HeapProfiler.takeHeapSnapshot");
    await this.#call("HeapProfiler.disable");
    return this.#chunks.splice(0).join("");
  }

  /** Constant for the life of the isolate; a restarted isolate has another id. */
  async isolateId(): Promise<string> {
    return isolateSchema.parse(await this.#call("Runtime.getIsolateId")).id;
  }

  close(): void {
    this.#socket.close();
  }

  async #call(method: string): Promise<unknown> {
    if (this.#broken !== null) throw new Error(this.#broken);
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const timer = setTimeout(
      () => answer.reject(new Error(`The inspector gave no answer to ${method}.`)),
      MAX_ANSWER_MS,
    );
    try {
      this.#socket.send(JSON.stringify({ id, method }));
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #receive(data: string): void {
    const message: unknown = JSON.parse(data);
    // The numbers of another isolate would not continue these.
    if (isEvent(message, "Runtime.executionContextsCleared")) {
      this.#fail("The Worker was reloaded while it was measured (a file changed); run the bench again.");
    }
    const chunk = chunkSchema.safeParse(message);
    if (chunk.success) this.#chunks.push(chunk.data.params.chunk);
    const answer = answerSchema.safeParse(message);
    if (!answer.success) return;
    const { id, result, error } = answer.data;
    if (error === undefined) this.#waiting.get(id)?.resolve(result);
    else this.#waiting.get(id)?.reject(new Error(`The inspector refused: ${error.message}`));
  }

  #fail(reason: string): void {
    this.#broken ??= reason;
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
  }
}

function isEvent(message: unknown, method: string): boolean {
  return typeof message === "object" && message !== null && "method" in message && message.method === method;
}
