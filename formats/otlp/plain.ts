/** Values and sentences that may be exported: short, printable ASCII. A caller's text does not fit that by accident. Pure. */
import type { Attributes } from "./attributes.ts";

export type PlainValue = string | number | boolean;

/** Room for any name, code, version or digest. The origin wire accepts no longer value. */
const MAX_VALUE_CHARACTERS = 200;

/** Whether a string is printable ASCII of 1 to 200 characters. */
export function isPlainText(value: string): boolean {
  return value.length <= MAX_VALUE_CHARACTERS && /^[\x20-\x7e]+$/.test(value);
}

/** Whether a value may be exported as it is: a plain string, a boolean or a finite number. Lists are not plain. */
export function isPlainValue(value: unknown): value is PlainValue {
  if (typeof value === "string") return isPlainText(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

/** The attributes that are plain. Others are dropped whole: part of a value would mislead, and could be part of a text. */
export function plainAttributes(attributes: Attributes): Record<string, PlainValue> {
  const plain: Record<string, PlainValue> = {};
  for (const [key, value] of Object.entries(attributes)) if (isPlainValue(value)) plain[key] = value;
  return plain;
}

/**
 * A sentence that may quote foreign words, such as a policy's problem, as one line of printable ASCII of at most
 * `maxCharacters`. It is cut and not dropped: the start of a problem is worth more than nothing.
 */
export function plainSentence(sentence: string, maxCharacters = MAX_VALUE_CHARACTERS): string {
  return sentence.replace(/[^\x20-\x7e]+/g, " ").slice(0, maxCharacters);
}
