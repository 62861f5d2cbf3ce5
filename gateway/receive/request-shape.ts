/** Pure. The Hugging Face text-classification request. */
import * as z from "zod";
import { allowed } from "../../policies/messages/describe-issues.ts";
import { nearest } from "../../policies/messages/nearest.ts";
import { schemasAt } from "../../policies/messages/schema-paths.ts";
import { ok, type RefusalReason, type Result, refuse } from "../refusal.ts";

const inputsSchema = z
  .union([z.string(), z.array(z.string())])
  .describe("One text, or a list of texts. Texts must not be empty. Each text is routed separately.");
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
export const requestSchema = z.object({
  inputs: inputsSchema,
  parameters: parametersSchema.nullish(),
  options: optionsSchema.nullish(),
});

export type ScoreFunction = "softmax" | "sigmoid" | "none";

export interface Received {
  /** One or more non-empty texts, in the caller's order. */
  texts: readonly string[];
  /** Labels per text; all of them when undefined. */
  topK: number | undefined;
  /** Turns logits into scores; the function of the model when undefined. */
  functionToApply: ScoreFunction | undefined;
}

const EXAMPLE =
  '{"inputs": "text"} or {"inputs": ["text", …], "parameters": {"top_k": 3, "function_to_apply": "softmax"}}';

/**
 * @param value parsed JSON
 * @param givenTwice paths of keys that the body gives more than once
 */
export function parseClassifyRequest(
  value: unknown,
  maxInputs: number,
  givenTwice: readonly string[] = [],
): Result<Received> {
  const parsed = requestSchema.safeParse(value, { error: () => "" });
  const problems = [
    ...describeMisplaced(value),
    ...(parsed.success ? [] : describeShape(parsed.error.issues, value)),
    ...givenTwice.filter((path) => KNOWN_PATHS.includes(path)).map((path) => `\`${path}\` is given twice.`),
  ];
  if (!parsed.success || problems.length > 0) {
    const shown = problems.slice(0, MAX_PROBLEMS).join(" ");
    return unprocessable(`${shown} The request must have the form ${EXAMPLE}.`.trim(), "shape");
  }
  const { inputs, parameters } = parsed.data;
  const { top_k, return_all_scores, function_to_apply } = parameters ?? {};
  if (typeof top_k === "number" && typeof return_all_scores === "boolean") {
    const words =
      "`parameters.top_k` and `parameters.return_all_scores` are two words for the same; send only `top_k`.";
    return unprocessable(words, "shape");
  }
  const texts = typeof inputs === "string" ? [inputs] : inputs;
  if (texts.length === 0) return unprocessable("`inputs` is an empty list. Send at least one text.", "no-inputs");
  if (texts.length > maxInputs) {
    return refuse({
      code: "too-large",
      publicText: `\`inputs\` has ${texts.length} texts; at most ${maxInputs} are allowed per request.`,
      reason: "inputs",
    });
  }
  const empty = texts.findIndex((text) => text.trim() === "");
  if (empty !== -1) return unprocessable(`Input ${empty} is an empty text.`, "empty-text");
  return ok({
    texts,
    topK: top_k ?? (return_all_scores === false ? 1 : undefined),
    functionToApply: function_to_apply ?? undefined,
  });
}

const MAX_PROBLEMS = 4;
const TOP_LEVEL = Object.keys(requestSchema.shape);
const PARAMETERS = Object.keys(parametersSchema.shape);
const KNOWN_PATHS = [...TOP_LEVEL, ...PARAMETERS.map((name) => `parameters.${name}`)];

/** Keys at the top level that were meant to be others. Further unknown keys have no effect there, as at Hugging Face. */
function describeMisplaced(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.keys(value).flatMap((key) => {
    if (TOP_LEVEL.includes(key)) return [];
    if (PARAMETERS.includes(key)) return [`\`${key}\` belongs in \`parameters\`, not at the top level.`];
    const near = nearest(key, [...TOP_LEVEL, ...PARAMETERS]);
    if (near === null) return [];
    const place = PARAMETERS.includes(near) ? `parameters.${near}` : near;
    return [`${shownKey(key, "the top level")} is unknown; did you mean \`${place}\`?`];
  });
}

/** The type of a value is shown and never the value: it may be a part of the caller's text. */
function describeShape(issues: readonly z.core.$ZodIssue[], value: unknown): string[] {
  const sentences = issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      const allowedKeys = PARAMETERS.map((name) => `\`${name}\``).join(", ");
      return issue.keys.map((key) => {
        const near = nearest(key, PARAMETERS);
        const hint = near === null ? "" : `; did you mean \`${near}\`?`;
        return `${shownKey(key, "`parameters`", "parameters.")} is an unknown parameter${hint || "."} Allowed: ${allowedKeys}.`;
      });
    }
    const [first] = issue.path;
    if (first === undefined) return ["The body must be a JSON object."];
    if (first === "inputs") return [describeInputs(value)];
    const [schema] = schemasAt(requestSchema, issue.path);
    const expected = issue.message || (schema === undefined ? "something else" : allowed(schema));
    return [`\`${issue.path.join(".")}\` must be ${expected}.`];
  });
  return [...new Set(sentences)];
}

function describeInputs(value: unknown): string {
  const inputs = typeof value === "object" && value !== null ? Reflect.get(value, "inputs") : undefined;
  if (inputs === undefined) return "`inputs` is missing.";
  const wrong = Array.isArray(inputs) ? inputs.findIndex((text) => typeof text !== "string") : -1;
  const [place, seen] = wrong === -1 ? ["inputs", inputs] : [`inputs[${wrong}]`, inputs[wrong]];
  const kind =
    seen === null
      ? "null"
      : Array.isArray(seen)
        ? "a list"
        : typeof seen === "object"
          ? "an object"
          : `a ${typeof seen}`;
  return `\`${place}\` is ${kind}; it must be text${wrong === -1 ? " or a list of texts" : ""}.`;
}

/** A name as parameters have it. Any other key could be a part of the caller's text, and is not repeated. */
const PLAIN_KEY = /^[a-z]+([_-][a-z]+)*$/i;
const MAX_KEY_CHARACTERS = 40;

function shownKey(key: string, where: string, prefix = ""): string {
  return PLAIN_KEY.test(key) && key.length <= MAX_KEY_CHARACTERS ? `\`${prefix}${key}\`` : `A key of ${where}`;
}

function unprocessable(publicText: string, reason: RefusalReason): Result<Received> {
  return refuse({ code: "unprocessable", publicText, reason });
}
