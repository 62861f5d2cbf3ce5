/** The requests of the Workers that are compared with each other: `POST /load`, then `POST /run` with texts as token ids. */

/** The part of an R2 object that is needed. */
export interface ModelObject {
  body: ReadableStream<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface ModelWorkerEnv {
  MODELS: { get(key: string): Promise<ModelObject | null> };
}

export interface LoadedModel {
  heapBytes(): number;
  /** Runs texts as one if the engine can, otherwise one after another. @returns one array of logits per text */
  run(texts: readonly (readonly number[])[]): Promise<number[][]> | number[][];
}

/** @param load opens the model, and calls `wasRead` when it has all bytes of the object */
export function modelWorker(load: (object: ModelObject, wasRead: () => void) => Promise<LoadedModel>) {
  let loaded: LoadedModel | null = null;
  return {
    async fetch(request: Request, { MODELS }: ModelWorkerEnv): Promise<Response> {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/healthz") return Response.json({ status: "ok" });
      const startedAtMs = Date.now();
      if (pathname === "/load") {
        const object = await MODELS.get(searchParams.get("key") ?? "");
        if (object === null) return new Response("The bucket has no object with this key.", { status: 404 });
        let readMs = 0;
        loaded = await load(object, () => {
          readMs = Date.now() - startedAtMs;
        });
        const createMs = Date.now() - startedAtMs - readMs;
        return Response.json({ readMs, createMs, heapBytes: loaded.heapBytes() });
      }
      if (loaded === null) return new Response("No model is loaded: POST /load first.", { status: 409 });
      const texts: number[][] = await request.json();
      const runs = Number(searchParams.get("runs") ?? 1);
      const parts = searchParams.get("together") === "no" ? texts.map((text) => [text]) : [texts];
      return Response.json({ ...(await timed(loaded, parts, runs)), heapBytes: loaded.heapBytes() });
    },
  };
}

/** @returns the logits of the last run, and the mean time of all parts' runs */
async function timed(model: LoadedModel, parts: readonly number[][][], runs: number) {
  const startedAtMs = Date.now();
  let logits: number[][] = [];
  for (let run = 0; run < runs; run++) {
    logits = [];
    for (const texts of parts) logits.push(...(await model.run(texts)));
  }
  return { logits, runMs: (Date.now() - startedAtMs) / runs };
}
