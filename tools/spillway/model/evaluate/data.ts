/**
 * Labelled texts, one JSON object per line: `{"text": …, "label": …}`, or `"labels": […]` for a multi-label model. A pair also has
 * `"text_pair"`.
 */
import { isObject, type JsonObject, parseJson } from "../../../../formats/json.ts";
import type { Manifest } from "../../../../formats/model-package/manifest.ts";
import { readUserText } from "../../../process/read-text.ts";
import type { LabelledText, MultiLabelledText } from "./evaluate.ts";

export interface DataOptions {
  /** Only lines whose field has this value, compared as text. */
  where?: { field: string; value: string } | undefined;
  /** At most this many, spread evenly over the file: files are often sorted by label. */
  limit?: number | undefined;
}

interface Line {
  /** From 1. */
  number: number;
  fields: JsonObject;
}

/** What the lines must fit. */
interface ModelFacts extends Pick<Manifest, "labels" | "problemType"> {
  acceptsPairs: boolean;
}

/** Other fields of a line are ignored. @throws Error with one sentence that names the line */
export async function readLabelledTexts(
  path: string,
  model: ModelFacts,
  { where, limit }: DataOptions = {},
): Promise<(LabelledText | MultiLabelledText)[]> {
  const { labels, problemType } = model;
  const lines = parseLines(await readUserText(path), path);
  if (lines.length === 0) throw new Error(`${path} is empty; it needs lines such as ${example(labels, problemType)}`);
  const wanted = where ? lines.filter(({ fields }) => String(fields[where.field]) === where.value) : lines;
  if (wanted.length === 0) throw new Error(`${path} has no line with ${where?.field}=${where?.value}.`);
  return evenly(wanted, limit ?? wanted.length).map((line) => labelled(line, path, model));
}

function parseLines(content: string, path: string): Line[] {
  return content.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const number = index + 1;
    const fields = parseJson(line);
    if (!isObject(fields)) throw new Error(`${path}: line ${number} is not a JSON object.`);
    return [{ number, fields }];
  });
}

function labelled(
  { number, fields }: Line,
  path: string,
  { labels, problemType, acceptsPairs }: ModelFacts,
): LabelledText | MultiLabelledText {
  const { text } = fields;
  if (typeof text !== "string") throw new Error(`${path}: line ${number} has no "text", or it is not a string.`);
  // Exporters write null for a column without a value.
  const textPair = fields["text_pair"] ?? undefined;
  if (textPair !== undefined && typeof textPair !== "string") {
    throw new Error(`${path}: line ${number} has a "text_pair" that is not a string.`);
  }
  if (textPair !== undefined && !acceptsPairs) {
    throw new Error(`${path}: line ${number} has a "text_pair", and the model classifies single texts only.`);
  }
  const name = problemType === "multi_label_classification" ? "labels" : "label";
  const given = fields[name];
  const strings = [given].flat().filter((label) => typeof label === "string");
  const isOfKind = name === "labels" ? Array.isArray(given) && strings.length === given.length : strings.length === 1;
  if (!isOfKind || (name === "label" && Array.isArray(given))) {
    throw new Error(
      `${path}: line ${number} has no "${name}" in the form that this model needs: ${example(labels, problemType)}`,
    );
  }
  const unknown = strings.find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    throw new Error(`${path}: line ${number} has the label "${unknown}"; the model has ${labels.join(", ")}.`);
  }
  const input = textPair === undefined ? { text } : { text, textPair };
  return name === "labels" ? { ...input, labels: strings } : { ...input, label: strings[0] ?? "" };
}

function evenly<T>(all: readonly T[], count: number): T[] {
  const wanted = Math.min(count, all.length);
  return all.filter(
    (_, index) => Math.floor((index * wanted) / all.length) !== Math.floor(((index - 1) * wanted) / all.length),
  );
}

function example(labels: readonly string[], problemType: Manifest["problemType"]): string {
  const [first = "…"] = labels;
  const truth = problemType === "multi_label_classification" ? { labels: [first] } : { label: first };
  return JSON.stringify({ text: "…", ...truth });
}
