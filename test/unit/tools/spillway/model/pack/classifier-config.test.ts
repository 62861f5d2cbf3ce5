import { describe, expect, it } from "vitest";
import { parseClassifierConfig } from "../../../../../../tools/spillway/model/pack/classifier-config.ts";

const valid = { model_type: "bert", vocab_size: 100, max_position_embeddings: 512, id2label: { 0: "ham", 1: "spam" } };
const parse = (change: Record<string, unknown>) =>
  parseClassifierConfig("config.json", JSON.stringify({ ...valid, ...change }));

describe("labels", () => {
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, id) => [10 - id, `label ${10 - id}`]));
  it.each<[string, Record<string, unknown>, string[] | null]>([
    ["sorted by number, not as text", { id2label: many }, Object.keys(many).map((id) => `label ${id}`)],
    ["only from label2id", { id2label: undefined, label2id: { spam: 1, ham: 0 } }, ["ham", "spam"]],
    ["that are true and false", { id2label: { 0: false, 1: true } }, ["false", "true"]],
    ["unknown where both lists are empty", { id2label: {}, label2id: {} }, null],
    ["that are numbers", { id2label: { 0: 1, 1: 2 } }, ["1", "2"]],
    ["as a list", { id2label: ["ham", "spam"] }, ["ham", "spam"]],
    ["from label2id with ids as text", { id2label: undefined, label2id: { spam: "1", ham: "0" } }, ["ham", "spam"]],
    ["only from num_labels", { id2label: null, num_labels: 3 }, ["LABEL_0", "LABEL_1", "LABEL_2"]],
    ["unknown: transformers omits two unnamed labels", { id2label: undefined }, null],
  ])("%s", (_, change, labels) => {
    expect(parse(change).labels).toEqual(labels);
  });

  it("that were assumed are reported", () => {
    expect(parse({ id2label: undefined, num_labels: 3 }).assumptions).toContain(
      "config.json has no labels: they are named LABEL_0 to LABEL_2",
    );
    expect(parse({ problem_type: "multi_label_classification" }).assumptions).toEqual([]);
  });

  it("that both lists name otherwise are reported, and id2label's are used", () => {
    const { labels, assumptions } = parse({ id2label: { 0: "LABEL_0", 1: "LABEL_1" }, label2id: { ham: 0, spam: 1 } });
    expect(labels).toEqual(["LABEL_0", "LABEL_1"]);
    expect(assumptions).toContainEqual(
      expect.stringMatching(/label 0 as "LABEL_0" in id2label and as "ham" in label2id/),
    );
    expect(parse({ label2id: { ham: "0", spam: 1 } }).assumptions.join()).not.toContain("label2id");
  });
});

it.each([
  [{}, "BertTokenizer"],
  [{ model_type: "distilbert" }, "DistilBertTokenizer"],
  [{ model_type: "roberta" }, "RobertaTokenizer"],
  [{ model_type: "xlm-roberta" }, null],
  [{ model_type: "constructor" }, null],
  [{ model_type: "roberta", tokenizer_class: "BertTokenizer" }, "BertTokenizer"],
])("the tokenizer's class by %j: %s", (change, tokenizerClass) => {
  expect(parse(change).tokenizerClass).toBe(tokenizerClass);
});

describe("stated positions", () => {
  it.each([
    ["bert", 512, 512],
    ["distilbert", 1024, 1024],
    ["roberta", 514, 512],
    ["xlm-roberta", 514, 512],
    ["camembert", 514, 512],
    ["mpnet", 514, 512],
  ])("of %s with %i rows: %i tokens", (model_type, max_position_embeddings, tokens) => {
    expect(parse({ model_type, max_position_embeddings, pad_token_id: 1 }).statedPositions).toBe(tokens);
  });

  it("are counted from the id after the padding's, whichever it is", () => {
    expect(parse({ model_type: "roberta", pad_token_id: 3 }).statedPositions).toBe(508);
    expect(parse({ model_type: "roberta", pad_token_id: null }).statedPositions).toBe(510);
  });

  it("are unknown where -1 stands for no table, and an unusual padding id does not matter", () => {
    expect(parse({ max_position_embeddings: -1 }).statedPositions).toBeNull();
    expect(parse({ pad_token_id: [0] }).statedPositions).toBe(512);
    expect(parse({ model_type: "roberta", max_position_embeddings: 514, pad_token_id: -1 }).statedPositions).toBe(512);
  });

  it("and the vocabulary's size may be missing: the graph has them", () => {
    const config = parse({ max_position_embeddings: undefined, vocab_size: undefined });
    expect(config).toMatchObject({ statedPositions: null, vocabularySize: null });
  });
});

describe("refused with the reason", () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ["a regression", { problem_type: "regression" }, /is for a regression model/],
    ["a single label", { id2label: undefined, num_labels: 1 }, /is for a regression model/],
    ["a gap between labels", { id2label: { 0: "a", 2: "b" } }, /has no label 1/],
    [
      "more labels than an answer can have",
      { id2label: undefined, num_labels: 1025 },
      /has 1025 labels; .* at most 1024/,
    ],
    [
      "a label as long as a page",
      { id2label: { 0: "a", 1: "b".repeat(201) } },
      /label 1 of 201 characters; at most 200/,
    ],
    ["two labels with one name", { id2label: { 0: "a", 1: "a" } }, /has the label "a" twice/],
    [
      "several values of other types, each with its place",
      { vocab_size: "many", max_position_embeddings: 1.5 },
      /vocab_size: "many" is not allowed; must be .*; max_position_embeddings: 1\.5 is not allowed; /,
    ],
    ["a label that is null", { id2label: { 0: null, 1: "b" } }, /id2label\.0: null is not allowed; must be a name/],
  ])("%s", (_, change, sentence) => {
    expect(() => parse(change)).toThrow(sentence);
  });
});

it.each([
  ['{"dropout": NaN}', 'expected a value at line 1, column 13, found "N"'],
  ["<!DOCTYPE html>", 'expected a value at line 1, column 1, found "<"'],
  ["", "it is empty"],
])("a file that is not JSON is refused with the place: %s", (text, place) => {
  expect(() => parseClassifierConfig("config.json", text)).toThrow(`config.json is not JSON: ${place}; save the`);
});
