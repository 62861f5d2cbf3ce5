/** What may leave in a span or a log record: values too short and too plain to be somebody's text. Pure. */
import type { Attributes } from "../../formats/otlp/attributes.ts";

export type PlainValue = string | number | boolean;

/** The contract takes no longer value, and no list. */
const LONGEST_VALUE = 200;

/** What is not plain is left out whole: half of a value would mislead, and could be half of a text. */
export function plainAttributes(attributes: Attributes): Record<string, PlainValue> {
  const plain: Record<string, PlainValue> = {};
  for (const [key, value] of Object.entries(attributes)) if (isPlain(value)) plain[key] = value;
  return plain;
}

/** For sentences of our own and of the runtime's, such as why a model could not be loaded: printable ASCII on one line. */
export function plainSentence(sentence: string, longest: number): string {
  return sentence.replace(/[^\x20-\x7e]+/g, " ").slice(0, longest);
}

function isPlain(value: Attributes[string]): value is PlainValue {
  if (typeof value === "string") return value.length <= LONGEST_VALUE && /^[\x20-\x7e]+$/.test(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}
