/** The V8 inspector of a Worker's isolate, through wrangler dev's inspector port (Chrome DevTools protocol). */
import { z } from "zod";
import type { RunningWorker } from "../system/running-worker.ts";

const ANSWER_MAX_MS = 60_000;

/** https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-getHeapUsage, all in bytes. */
const heapUsageSchema = z.object({
  /** Objects on V8's heap, garbage not yet collected among them. */
  usedSize: z.number(),
  /** What V8's heap has taken, used or not. */
  totalSize: z.number(),
  /** workerd's own objects on its C++ heap. */
  embedderHeapUsedSize: z.number(),
  /** ArrayBuffers, which lie outside V8's heap. */
  backingStorageSize: z.number(),
});
export type HeapUsage = z.infer<typeof heapUsageSchema>;

const isolateSchema = z.object({ id: z.string() });
const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1);
const answerSchema = z.object({
  id: z.number(),
  result: z.unknown(),
  error: z.object({ message: z.string() }).optional(),
});

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #broken: string | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("close", () => this.#fail("The connection to the isolate's inspector was closed."));
  }

  /** wrangler lists one target: the user's Worker. Its own helper Workers live elsewhere. */
  static async connect({ inspectorPort }: RunningWorker): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
    const [target] = targetsSchema.parse(await response.json());
    // It refuses clients with a User-Agent but no local Origin; Node's WebSocket takes headers, which the DOM's type lacks.
    const socket: WebSocket = Reflect.construct(WebSocket, [
      target?.webSocketDebuggerUrl,
      { headers: { origin: "http://localhost" } },
    ]);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error("The isolate's inspector took no connection.")), {
        once: true,
      });
    });
    return new Inspector(socket);
  }

  /** Waits while the isolate's thread is busy: an inference or a compilation is not interrupted. */
  async heapUsage(): Promise<HeapUsage> {
    return heapUsageSchema.parse(await this.#ask("Runtime.getHeapUsage"));
  }

  /** What is held: the same right after a collection, which stops the isolate for about a second. */
  async collectedHeapUsage(): Promise<HeapUsage> {
    // Unanswered unless the profiler is on; on, it makes allocations dearer.
    await this.#ask("HeapProfiler.enable");
    await this.#ask("HeapProfiler.collectGarbage");
    await this.#ask("HeapProfiler.disable");
    return this.heapUsage();
  }

  /** The same as long as the isolate lives; a restarted one has another. */
  async isolateId(): Promise<string> {
    return isolateSchema.parse(await this.#ask("Runtime.getIsolateId")).id;
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(method: string): Promise<unknown> {
    if (this.#broken !== null) throw new Error(this.#broken);
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const timer = setTimeout(
      () => answer.reject(new Error(`The inspector gave no answer to ${method}.`)),
      ANSWER_MAX_MS,
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
    // Another isolate would go on with other numbers.
    if (isEvent(message, "Runtime.executionContextsCleared")) {
      this.#fail("The Worker was reloaded while it was measured (a file changed); run the bench again.");
    }
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
