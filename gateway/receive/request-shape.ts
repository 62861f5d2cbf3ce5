/** Pure. The Hugging Face text-classification request. */
import * as z from "zod";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import { allowed } from "../../policies/messages/describe-issues.ts";
import { nearest } from "../../policies/messages/nearest.ts";
import { schemasAt } from "../../policies/messages/schema-paths.ts";
import { ok, type Refusal, type RefusalReason, type Result, refuse } from "../refusal.ts";
import { describeEmpty, describeInputs, inputsSchema, PAIR_KEYS, textsOf } from "./inputs.ts";
import { shownKey } from "./shown-key.ts";

/** Hugging Face's word for how long texts are cut or padded. Spillway classifies a text whole, so it has no effect. */
const withoutEffect = z.union([z.boolean(), z.string()]).nullish();
const parametersSchema = z.strictObject({
  top_k: z.int().min(1).nullish().describe("Labels per text, best first. All labels if null or absent."),
  function_to_apply: z
    .enum(["softmax", "sigmoid", "none"])
    .nullish()
    .describe(
      "Turns logits into scores. Null or absent: softmax or sigmoid, by the model's problem type. none: raw logits.",
    ),
  return_all_scores: z
    .boolean()
    .nullish()
    .describe("Older name: true is `top_k: null`, false is `top_k: 1`. Not together with `top_k`."),
  truncation: withoutEffect.describe("No effect: long texts are classified whole, in windows."),
  padding: withoutEffect.describe("No effect."),
  max_length: z.int().min(1).nullish().describe("No effect: long texts are classified whole, in windows."),
});
const MAX_OPTIONS = 16;
const optionsSchema = z
  .record(z.string(), z.unknown())
  .refine((options) => Object.keys(options).length <= MAX_OPTIONS, `an object with at most ${MAX_OPTIONS} keys`)
  .describe("No effect. Hugging Face clients send it, for example `wait_for_model`.");
/** Also the source of the request's schema in docs/reference/openapi.yaml. */
export const requestSchema = z.strictObject({
  inputs: inputsSchema,
  parameters: parametersSchema.nullish(),
  options: optionsSchema.nullish(),
});

export type ScoreFunction = "softmax" | "sigmoid" | "none";

export interface Received {
  /** One or more non-empty texts and pairs of them, in the caller's order. */
  texts: readonly TextOrPair[];
  /** Labels per text; all of them when undefined. */
  topK: number | undefined;
  /** Turns logits into scores; the function of the model when undefined. */
  functionToApply: ScoreFunction | undefined;
}

const EXAMPLE =
  '{"inputs": "text"}, {"inputs": {"text": "text", "text_pair": "text"}} or {"inputs": ["text", …], "parameters": {"top_k": 3, "function_to_apply": "softmax"}}';

/**
 * @param value parsed JSON
 * @param givenTwice keys that the body gives more than once
 */
export function parseClassifyRequest(
  value: unknown,
  maxInputs: number,
  givenTwice: readonly KeyPath[] = [],
): Result<Received> {
  const count = inputsIn(value);
  // Before the inputs are looked at one by one: a body of a megabyte may have half a million.
  if (count > maxInputs) {
    return refuse({
      code: "too-large",
      publicText: `\`inputs\` has ${count} texts; at most ${maxInputs} are allowed per request.`,
      reason: "inputs",
    });
  }
  const parsed = requestSchema.safeParse(value, { error: () => "" });
  const problems = [
    ...describeTopLevel(value),
    ...(parsed.success ? [] : describeShape(parsed.error.issues, value)),
    ...givenTwice.filter(isKnown).map((path) => `\`${shownPath(path)}\` is given twice.`),
  ];
  if (!parsed.success || problems.length > 0) {
    return refuse(shapeRefusal(problems));
  }
  const { inputs, parameters } = parsed.data;
  const { top_k, return_all_scores, function_to_apply } = parameters ?? {};
  if (typeof top_k === "number" && typeof return_all_scores === "boolean") {
    const words =
      "`parameters.top_k` and `parameters.return_all_scores` are two words for the same; send only `top_k`.";
    return unprocessable(words, "shape");
  }
  const texts = textsOf(inputs);
  if (texts.length === 0) return unprocessable("`inputs` is an empty list. Send at least one text.", "no-inputs");
  const empty = describeEmpty(texts);
  if (empty !== null) return unprocessable(empty, "empty-text");
  return ok({
    texts,
    topK: top_k ?? (return_all_scores === false ? 1 : undefined),
    functionToApply: function_to_apply ?? undefined,
  });
}

const MAX_PROBLEMS = 4;
const TOP_LEVEL = Object.keys(requestSchema.shape);
const PARAMETERS = Object.keys(parametersSchema.shape);

/** From the body to a key; an index in a list. */
export type KeyPath = readonly (string | number)[];

function isKnown([first, ...rest]: KeyPath): boolean {
  const [key, more] = first === "inputs" && typeof rest[0] === "number" ? rest.slice(1) : rest;
  if (key === undefined) return TOP_LEVEL.includes(String(first));
  const known = first === "inputs" ? PAIR_KEYS : first === "parameters" ? PARAMETERS : [];
  return more === undefined && known.includes(String(key));
}

function shownPath(path: KeyPath): string {
  return path.map((key, at) => (typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`)).join("");
}

/** 0 for a body without a list of inputs. */
function inputsIn(value: unknown): number {
  const inputs = inputsOf(value);
  return Array.isArray(inputs) ? inputs.length : 0;
}

function inputsOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, "inputs") : undefined;
}

/** Keys that the top level does not have. */
function describeTopLevel(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const unknown = Object.keys(value).filter((key) => !TOP_LEVEL.includes(key));
  const sentences = unknown.slice(0, MAX_PROBLEMS).map((key) => {
    if (PARAMETERS.includes(key)) return `\`${key}\` belongs in \`parameters\`, not at the top level.`;
    const near = nearest(key, [...TOP_LEVEL, ...PARAMETERS]);
    const meant = near !== null && PARAMETERS.includes(near) ? `parameters.${near}` : near;
    const hint = meant === null ? "" : `; did you mean \`${meant}\`?`;
    return `${shownKey(key, "the body")} is an unknown key at the top level${hint || "."} Allowed: ${listed(TOP_LEVEL)}.`;
  });
  return [...new Set(sentences)];
}

/** The type of a value is shown and never the value: it may be a part of the caller's text. */
function describeShape(issues: readonly z.core.$ZodIssue[], value: unknown): string[] {
  const sentences = issues.flatMap((issue) => {
    const [first] = issue.path;
    if (first === "inputs") return describeInputs(inputsOf(value));
    if (issue.code === "unrecognized_keys") {
      // Of the top level, they are described with those that belong elsewhere.
      if (first === undefined) return [];
      return issue.keys.slice(0, MAX_PROBLEMS).map((key) => {
        const near = nearest(key, PARAMETERS);
        const hint = near === null ? "" : `; did you mean \`${near}\`?`;
        return `${shownKey(key, "`parameters`", "parameters.")} is an unknown parameter${hint || "."} Allowed: ${listed(PARAMETERS)}.`;
      });
    }
    if (first === undefined) return ["The body must be a JSON object."];
    const [schema] = schemasAt(requestSchema, issue.path);
    const expected = issue.message || (schema === undefined ? "something else" : allowed(schema));
    return [`\`${issue.path.join(".")}\` must be ${expected}.`];
  });
  return [...new Set(sentences)];
}

function listed(keys: readonly string[]): string {
  return keys.map((key) => `\`${key}\``).join(", ");
}

function shapeRefusal(problems: readonly string[]): Refusal {
  const shown = problems.slice(0, MAX_PROBLEMS).join(" ");
  const publicText = `${shown} The request must have the form ${EXAMPLE}.`.trim();
  return { code: "unprocessable", publicText, reason: "shape" };
}

function unprocessable(publicText: string, reason: RefusalReason): Result<Received> {
  return refuse({ code: "unprocessable", publicText, reason });
}
