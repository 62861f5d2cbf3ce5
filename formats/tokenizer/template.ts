/** The post-processor: which ids are around a text or between two, and of which token type each is. */
import { isObject, type Json, type JsonObject } from "../json.ts";
import { TokenizerError } from "./core/tokenizer-error.ts";

/** A part of a framed text: ids, or the first (0) or second (1) text. */
export type Part = { ids: readonly number[]; typeId: number } | { text: 0 | 1; typeId: number };

export interface Template {
  single: readonly Part[];
  /** Null: the template has no place for a second text. */
  pair: readonly Part[] | null;
}

/** Without a post-processor a pair is one text behind the other. */
const NO_FRAME: Template = {
  single: [{ text: 0, typeId: 0 }],
  pair: [
    { text: 0, typeId: 0 },
    { text: 1, typeId: 1 },
  ],
};

/** @throws TokenizerError for one that is not supported */
export function readTemplate(processor: Json | undefined): Template {
  if (processor === null || processor === undefined) return NO_FRAME;
  if (!isObject(processor)) throw new TokenizerError("post_processor", "is not an object.");
  switch (processor["type"]) {
    case "TemplateProcessing":
      return readPieces(processor);
    case "BertProcessing":
    case "RobertaProcessing":
      return framed(processor, isReadAsRoberta(processor) ? ROBERTA : BERT);
    case "ByteLevel":
      return NO_FRAME;
    case "Sequence":
      return readSequence(processor["processors"]);
    default:
      throw new TokenizerError(`post_processor.${String(processor["type"])}`, "is not supported.");
  }
}

/** ByteLevel changes offsets only; of the others there may be one. */
function readSequence(processors: Json | undefined): Template {
  if (!Array.isArray(processors)) throw new TokenizerError("post_processor.Sequence", "has no `processors`.");
  const framing = processors.filter((each) => isObject(each) && each["type"] !== "ByteLevel");
  if (framing.length > 1)
    throw new TokenizerError("post_processor.Sequence", "has more than one that frames the text.");
  return readTemplate(framing[0]);
}

interface PairFrame {
  /** Separators between the two texts. */
  between: number;
  secondType: number;
}

const BERT: PairFrame = { between: 1, secondType: 1 };
const ROBERTA: PairFrame = { between: 2, secondType: 0 };

/** The reference does not look at the type: it takes what has RoBERTa's two options for RoBERTa's, and the rest for BERT's. */
function isReadAsRoberta({ trim_offsets, add_prefix_space }: JsonObject): boolean {
  return typeof trim_offsets === "boolean" && typeof add_prefix_space === "boolean";
}

function framed(processor: JsonObject, { between, secondType }: PairFrame): Template {
  const start = { ids: [idOf(processor, "cls")], typeId: 0 };
  const separator = idOf(processor, "sep");
  return {
    single: [start, { text: 0, typeId: 0 }, { ids: [separator], typeId: 0 }],
    pair: [
      start,
      { text: 0, typeId: 0 },
      { ids: Array.from({ length: between }, () => separator), typeId: 0 },
      { text: 1, typeId: secondType },
      { ids: [separator], typeId: secondType },
    ],
  };
}

function idOf(processor: JsonObject, name: string): number {
  const token = processor[name];
  const id = Array.isArray(token) ? token[1] : undefined;
  if (typeof id !== "number") throw new TokenizerError("post_processor", `has no id in \`${name}\`.`);
  return id;
}

function readPieces(processor: JsonObject): Template {
  const tokens = processor["special_tokens"];
  const read = (name: "single" | "pair") => {
    const pieces = processor[name];
    if (!Array.isArray(pieces)) throw new TokenizerError("post_processor.TemplateProcessing", `has no \`${name}\`.`);
    return pieces.map((piece) => readPiece(piece, isObject(tokens) ? tokens : {}));
  };
  const single = read("single");
  const pair = read("pair");
  if (textsOf(single) !== "0") {
    throw new TokenizerError("post_processor.TemplateProcessing", "has a `single` that does not use the text once.");
  }
  return { single, pair: ["01", "10"].includes(textsOf(pair)) ? pair : null };
}

function textsOf(parts: readonly Part[]): string {
  return parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("");
}

function readPiece(piece: Json, tokens: JsonObject): Part {
  if (isObject(piece)) {
    const { Sequence: sequence, SpecialToken: special } = piece;
    if (isObject(sequence)) {
      return { text: sequence["id"] === "A" ? 0 : 1, typeId: Number(sequence["type_id"]) };
    }
    const token = isObject(special) ? tokens[String(special["id"])] : undefined;
    if (isObject(special) && isObject(token) && Array.isArray(token["ids"])) {
      return { ids: token["ids"].map(Number), typeId: Number(special["type_id"]) };
    }
  }
  throw new TokenizerError(
    "post_processor.TemplateProcessing",
    "has a piece that is neither a text nor a special token.",
  );
}
