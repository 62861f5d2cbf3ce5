/** Times runs of one loaded model inside workerd, for both engines' Workers. */

/** Streams the model's file from the disk service. */
export interface TimedWorkerEnv {
  FILES: { fetch(url: string): Promise<Response> };
}

/** Runs one text to its end. */
export type RunText = (tokenIds: readonly number[]) => void;

/** A shorter measurement repeats the run: the clock is not finer. */
const MIN_MEASURED_MS = 4;

/**
 * Answers `/load?…`, then `/run` with a text's token ids as JSON: the milliseconds of a run.
 * @param load opens the model; gets the file's bytes and the request's parameters
 */
export function timedWorker(load: (file: Response, parameters: URLSearchParams) => Promise<RunText>) {
  let run: RunText | null = null;
  return {
    async fetch(request: Request, { FILES }: TimedWorkerEnv): Promise<Response> {
      const { pathname, searchParams } = new URL(request.url);
      try {
        if (pathname === "/load") {
          run = await load(await FILES.fetch(`http://files/${searchParams.get("file")}`), searchParams);
          return Response.json({});
        }
        if (run === null) return new Response("No model is loaded.", { status: 409 });
        return Response.json({ ms: timeOf(run, await request.json()) });
      } catch (error) {
        return new Response(error instanceof Error ? error.message : String(error), { status: 500 });
      }
    },
  };
}

function timeOf(run: RunText, tokenIds: readonly number[]): number {
  const startedAtMs = performance.now();
  let runs = 0;
  do {
    run(tokenIds);
    runs++;
  } while (performance.now() - startedAtMs < MIN_MEASURED_MS);
  return (performance.now() - startedAtMs) / runs;
}
