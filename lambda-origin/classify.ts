import { type OriginAnswer, type OriginError, type OriginRequest, originRequestSchema } from "./contract.ts";
import type { LoadedModel, Model } from "./model.ts";
import { inSpan } from "./telemetry/with-telemetry.ts";
import { contentTokens, windowsOf } from "./windows.ts";

type Classified = { ok: true; answer: OriginAnswer } | { ok: false; refusal: OriginError };

/** parse → model → tokenize → infer. Errors name kinds and limits, never the text. */
export async function classify(body: string, loaded: LoadedModel): Promise<Classified> {
  const request = parseRequest(body);
  if (!request) return refuse("malformed", 'expected {"text": string, "maxTokens": integer of at least 1}');
  if (!loaded.ok) return refuse("model-unavailable", "the model could not be loaded");

  const ids = await tokenize(request.text, loaded.model);
  if (ids.length > request.maxTokens) {
    return refuse("too-large", `the text has ${ids.length} tokens; at most ${request.maxTokens} are allowed`);
  }
  return { ok: true, answer: await infer(ids, loaded.model) };
}

function parseRequest(body: string): OriginRequest | undefined {
  try {
    return originRequestSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

function tokenize(text: string, model: Model): Promise<number[]> {
  return inSpan("tokenize", {}, (record) => {
    const ids = model.tokenizer.contentIds(text);
    record({ "spillway.tokens": ids.length });
    return ids;
  });
}

async function infer(ids: readonly number[], model: Model): Promise<OriginAnswer> {
  const windows = windowsOf(ids, model.tokenizer.frame);
  const facts = { "spillway.model": model.id, "spillway.windows": windows.length };
  const rows = await inSpan("inference", facts, () => model.infer(windows));
  return {
    model: model.id,
    labels: model.labels,
    problemType: model.problemType,
    windows: windows.map((window, index) => ({ tokens: contentTokens(window), logits: rows[index] ?? [] })),
  };
}

function refuse(error_type: OriginError["error_type"], error: string): Classified {
  return { ok: false, refusal: { error, error_type } };
}
