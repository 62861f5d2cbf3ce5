/** Pure. What tokenizer_config.json changes in a tokenizer.json, as Python's `transformers` does (compared with 4.57 and 5.24). */
import { isObject, type Json, type JsonObject } from "../json.ts";

/** Classes whose options are put into the normalizer when a folder is loaded. */
const BERT_CLASSES =
  /^(?:Bert|DistilBert|Electra|MobileBert|SqueezeBert|ConvBert|Funnel|LayoutLM|LayoutLMv2|Lxmert|MPNet|Retribert|Realm|DPR\w+|RoFormer|Splinter)Tokenizer(?:Fast)?$/;

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

/** Classes that put `add_prefix_space` into a ByteLevel pre-tokenizer, and its value if tokenizer_config.json has none; null: as it is. */
const PREFIX_CLASSES: readonly (readonly [RegExp, boolean | null])[] = [
  [/^(?:Roberta|Bart|GPT2|Longformer|Deberta|LED|Mvp|CodeGen|GPTNeoX)Tokenizer(?:Fast)?$/, false],
  [/^LayoutLMv3Tokenizer(?:Fast)?$/, true],
  [/^BlenderbotTokenizer(?:Fast)?$/, null],
];

/** @returns the pre-tokenizer that Python would use */
export function effectivePreTokenizer(preTokenizer: Json | undefined, config: Json | undefined): Json | undefined {
  if (!isObject(preTokenizer) || preTokenizer["type"] !== "ByteLevel" || !isObject(config)) return preTokenizer;
  const name = String(config["tokenizer_class"]);
  const found = PREFIX_CLASSES.find(([pattern]) => pattern.test(name));
  const value = config["add_prefix_space"] ?? found?.[1] ?? null;
  return found === undefined || value === null ? preTokenizer : { ...preTokenizer, add_prefix_space: value };
}

/** The classes that transformers uses for a model's type, as far as their options change a tokenizer. */
const CLASSES_BY_MODEL: Readonly<Record<string, string>> = {
  bart: "BartTokenizer",
  bert: "BertTokenizer",
  blenderbot: "BlenderbotTokenizer",
  convbert: "ConvBertTokenizer",
  "data2vec-text": "RobertaTokenizer",
  deberta: "DebertaTokenizer",
  distilbert: "DistilBertTokenizer",
  electra: "ElectraTokenizer",
  ernie: "BertTokenizer",
  funnel: "FunnelTokenizer",
  gpt2: "GPT2Tokenizer",
  gpt_neox: "GPTNeoXTokenizer",
  ibert: "RobertaTokenizer",
  layoutlm: "LayoutLMTokenizer",
  layoutlmv2: "LayoutLMv2Tokenizer",
  layoutlmv3: "LayoutLMv3Tokenizer",
  led: "LEDTokenizer",
  longformer: "LongformerTokenizer",
  lxmert: "LxmertTokenizer",
  "megatron-bert": "BertTokenizer",
  mobilebert: "MobileBertTokenizer",
  mpnet: "MPNetTokenizer",
  mvp: "MvpTokenizer",
  nezha: "BertTokenizer",
  qdqbert: "BertTokenizer",
  roberta: "RobertaTokenizer",
  "roberta-prelayernorm": "RobertaTokenizer",
  roformer: "RoFormerTokenizer",
  splinter: "SplinterTokenizer",
  squeezebert: "SqueezeBertTokenizer",
  visual_bert: "BertTokenizer",
};

/** @param modelType of config.json. @returns null for a type whose tokenizer has no option that matters */
export function tokenizerClassOf(modelType: string): string | null {
  return (Object.hasOwn(CLASSES_BY_MODEL, modelType) ? CLASSES_BY_MODEL[modelType] : null) ?? null;
}
