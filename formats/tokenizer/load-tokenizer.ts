/** Makes a tokenizer from its files. */
import { parseJson } from "../json.ts";
import { JsonText, type Steps } from "./core/json-text.ts";
import type { Busy, MakeStage, Model, Output, Stage } from "./core/stage.ts";
import { TokenizerError } from "./core/tokenizer-error.ts";
import { readAddedTokens } from "./read-added-tokens.ts";
import { checkFirstMetaspace, readNormalizer, readPreTokenizer } from "./read-components.ts";
import { readModel } from "./read-model.ts";
import { readTemplate } from "./template.ts";
import { makeTokenizer, type TextTokenizer } from "./tokenizer.ts";
import { effectiveNormalizer, effectivePreTokenizer } from "./tokenizer-config.ts";

/**
 * Truncation and padding are not used, as in Python unless they are asked for.
 * @param tokenizerJson the text of `tokenizer.json`
 * @param configJson the text of `tokenizer_config.json`
 * @returns yields every few milliseconds, where the thread may be given to others
 * @throws TokenizerError naming the component, if the tokenizer cannot be served exactly
 */
export function* loadTokenizer(tokenizerJson: string, configJson: string): Steps<TextTokenizer> {
  const json = new JsonText(tokenizerJson);
  const spans = yield* json.keys();
  const read = (name: string) => {
    const span = spans.get(name);
    return span === undefined ? undefined : json.value(span);
  };
  const modelSpan = spans.get("model");
  if (modelSpan === undefined) throw new TokenizerError("model", "is missing.");
  const config = parseJson(configJson);
  const normalizerJson = effectiveNormalizer(read("normalizer"), config);
  const preTokenizerJson = effectivePreTokenizer(read("pre_tokenizer"), config);
  const normalizer = readNormalizer(normalizerJson);
  const preTokenizer = readPreTokenizer(preTokenizerJson);
  checkFirstMetaspace(normalizerJson, preTokenizerJson);
  const template = readTemplate(read("post_processor"));
  const model = yield* readModel(json, modelSpan);
  const added = readAddedTokens(read("added_tokens"), model, normalizer);
  const stages = [added.raw, ...normalizer, added.normalized, ...preTokenizer].filter((make) => make !== null);
  return makeTokenizer({
    makeStages: stagesOf(stages, model.make),
    template,
    vocabularyBytes: model.trie.bytes,
  });
}

/** A closure made in `loadTokenizer` would keep what its other closures use: the text of tokenizer.json. */
function stagesOf(stages: readonly MakeStage[], makeModel: (output: Output) => Model) {
  return (output: Output) => {
    const model = makeModel(output);
    // The last stage first: what it has held back comes before what the stages before it have.
    const busy: Busy[] = [];
    return { head: stages.reduceRight<Stage>((next, make) => make(next, busy), model), model, busy };
  };
}

/** Does all steps of a generator. */
export function runSteps<T>(steps: Generator<undefined, T, undefined>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
