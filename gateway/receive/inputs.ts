/** Pure. The `inputs` of a request: texts, and pairs of texts as Hugging Face's text-classification pipeline accepts them. */
import * as z from "zod";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import { nearest } from "../../policies/messages/nearest.ts";
import { shownKey } from "./shown-key.ts";

const pairSchema = z.strictObject({
  text: z.string().describe("The text; of a pair, the first one."),
  text_pair: z
    .string()
    .nullish()
    .describe("The second text of a pair. Only for models that read two texts together. Null or absent: none."),
});
const inputSchema = z.union([z.string(), pairSchema]);
export const inputsSchema = z
  .union([z.string(), pairSchema, z.array(inputSchema)])
  .describe("One text or pair, or a list of them. Texts must not be empty. Each text or pair is routed separately.");

/** The keys of an input that is an object. */
export const PAIR_KEYS = Object.keys(pairSchema.shape);
const FORM = "an object with `text` and `text_pair`";

/** In the caller's order. An object without a second text is the same as its text. */
export function textsOf(inputs: z.infer<typeof inputsSchema>): TextOrPair[] {
  return (Array.isArray(inputs) ? inputs : [inputs]).map((input) => {
    if (typeof input === "string") return input;
    const { text, text_pair } = input;
    return typeof text_pair === "string" ? { text, textPair: text_pair } : text;
  });
}

/** A sentence about the first text that is empty; null if there is none. */
export function describeEmpty(texts: readonly TextOrPair[]): string | null {
  for (const [index, text] of texts.entries()) {
    if (typeof text === "string") {
      if (isBlank(text)) return `Input ${index} is an empty text.`;
    } else if (isBlank(text.text)) return `Input ${index} has an empty \`text\`.`;
    else if (isBlank(text.textPair))
      return `Input ${index} has an empty \`text_pair\`. Leave it out for a single text.`;
  }
  return null;
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

/** What is wrong with the first input that has another form. Types are shown and never values: they may be the caller's text. */
export function describeInputs(inputs: unknown): string[] {
  if (inputs === undefined) return ["`inputs` is missing."];
  if (!Array.isArray(inputs)) return describeInput("inputs", inputs, `text, ${FORM}, or a list of them`);
  for (const [index, input] of inputs.entries()) {
    const problems = describeInput(`inputs[${index}]`, input, `text or ${FORM}`);
    if (problems.length > 0) return problems;
  }
  return [];
}

function describeInput(place: string, input: unknown, allowed: string): string[] {
  if (typeof input === "string") return [];
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return [`\`${place}\` is ${kindOf(input)}; it must be ${allowed}.`];
  }
  const { text, text_pair }: { text?: unknown; text_pair?: unknown } = input;
  return [
    ...describeUnknown(place, input),
    ...(text === undefined ? [`\`${place}.text\` is missing.`] : describePart(`${place}.text`, text, "text")),
    ...(text_pair === undefined || text_pair === null
      ? []
      : describePart(`${place}.text_pair`, text_pair, "text or null")),
  ];
}

/** More would not be read. */
const MAX_KEYS_SHOWN = 4;

function describeUnknown(place: string, input: object): string[] {
  const unknown = Object.keys(input).filter((key) => !PAIR_KEYS.includes(key));
  const allowed = PAIR_KEYS.map((key) => `\`${key}\``).join(", ");
  return unknown.slice(0, MAX_KEYS_SHOWN).map((key) => {
    const near = nearest(key, PAIR_KEYS);
    const hint = near === null ? "" : `; did you mean \`${near}\`?`;
    return `${shownKey(key, `\`${place}\``, `${place}.`)} is an unknown key${hint || "."} Allowed: ${allowed}.`;
  });
}

function describePart(place: string, value: unknown, allowed: string): string[] {
  return typeof value === "string" ? [] : [`\`${place}\` is ${kindOf(value)}; it must be ${allowed}.`];
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
