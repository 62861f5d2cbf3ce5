/** Pure. The Hugging Face text-classification request. */
import { z } from "zod";
import { ok, type RefusalReason, type Result, refuse } from "../refusal.ts";

const inputsSchema = z
  .union([z.string(), z.array(z.string())])
  .describe("One text, or a list of texts. Texts must not be empty. Each text is routed separately.");
const parametersSchema = z.strictObject({
  top_k: z.int().min(1).nullish().describe("Labels per text, best first. All labels if null or absent."),
  function_to_apply: z
    .enum(["softmax", "sigmoid", "none"])
    .nullish()
    .describe(
      "Turns logits into scores. Null or absent: softmax or sigmoid, by the model's problem type. none: raw logits.",
    ),
});
/** Also the source of the request's schema in docs/reference/openapi.yaml. */
export const requestSchema = z.object({ inputs: inputsSchema, parameters: parametersSchema.nullish() });

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

/** @param value parsed JSON */
export function parseClassifyRequest(value: unknown, maxInputs: number): Result<Received> {
  const parsed = requestSchema.safeParse(value);
  if (!parsed.success) {
    return unprocessable(`The request must have the form ${EXAMPLE}; check ${places(parsed.error)}.`, "shape");
  }
  const { inputs, parameters } = parsed.data;
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
    topK: parameters?.top_k ?? undefined,
    functionToApply: parameters?.function_to_apply ?? undefined,
  });
}

/** Only names of the schema are quoted: an unknown key could be a part of the caller's text. */
function places(error: z.ZodError): string {
  const known = ["inputs", "parameters", "top_k", "function_to_apply"];
  const names = error.issues.map((issue) => issue.path.filter((part) => known.includes(String(part))).join("."));
  return [...new Set(names.map((name) => (name === "" ? "the top level" : `\`${name}\``)))].join(", ");
}

function unprocessable(publicText: string, reason: RefusalReason): Result<Received> {
  return refuse({ code: "unprocessable", publicText, reason });
}
