/** Pure. What tokenizer_config.json changes in a tokenizer.json, as Python's `transformers` does for the tokenizers of the BERT family. */
import { isObject, type Json, type JsonObject } from "../json.ts";

/** Classes whose options are put into the normalizer when a folder is loaded. */
const BERT_CLASSES =
  /^(?:Bert|DistilBert|Electra|MobileBert|SqueezeBert|ConvBert|Funnel|LayoutLM|LayoutLMv2|Lxmert|MPNet|Retribert|Realm|DPR\w+|RoFormer)Tokenizer(?:Fast)?$/;

/** @returns the normalizer that Python would use. An option that tokenizer_config.json does not have has Python's default. */
export function effectiveNormalizer(normalizer: Json | undefined, config: Json | undefined): Json | undefined {
  if (!isObject(normalizer) || normalizer["type"] !== "BertNormalizer" || !isObject(config)) return normalizer;
  if (!BERT_CLASSES.test(String(config["tokenizer_class"]))) return normalizer;
  const options: JsonObject = {
    lowercase: config["do_lower_case"] ?? true,
    strip_accents: config["strip_accents"] ?? null,
    handle_chinese_chars: config["tokenize_chinese_chars"] ?? true,
  };
  return { ...normalizer, ...options };
}
