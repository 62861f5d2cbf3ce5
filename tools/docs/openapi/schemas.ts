/** Pure. The bodies of the public contract. The request's schema is the one that the gateway parses with. */
import { z } from "zod";
import { EDGE_ENGINES } from "../../../formats/model-package/manifest.ts";
import { requestSchema } from "../../../gateway/receive/request-shape.ts";
import { REFUSAL_CODES } from "../../../gateway/refusal.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const answer = z
  .array(
    z.array(z.strictObject({ label: z.string(), score: z.number() })).describe("The labels of one text, best first."),
  )
  .describe("One list per text, in the order of `inputs`.");

const error = z.strictObject({
  error: z.string().describe("What went wrong and what to do next, for people. The wording may change."),
  error_type: z.enum(REFUSAL_CODES).describe("The code of the error. Codes do not change."),
  request_id: z.string().describe("Equals `x-request-id`. Operators find the request's trace by it."),
});

const health = z.strictObject({ status: z.literal("ok") });

const edgeState = z.enum(["cold", "loading", "ready", "rejected", "failed"]);
const breakerState = z.enum(["closed", "half-open", "open"]);

const readiness = z
  .object({
    ready: z.boolean().describe("Whether a side can answer."),
    edge: z.object({ state: edgeState }).describe("The model of the isolate that answered this request."),
    origin: z.object({ breaker: breakerState }).describe("The best breaker state of all origins."),
  })
  .describe("What every caller sees.");

const breaker = z.object({
  state: breakerState,
  reason: z.string().nullable(),
  retryInMs: z.int().nullable().describe("When an open breaker allows a trial."),
});

const exports = z.object({
  exported: z.int(),
  dropped: z.int(),
  lastFailure: z
    .string()
    .nullable()
    .describe("`http-<status>`, `timeout` or `network`; null if the last export was accepted."),
});

const readinessDetails = readiness
  .extend({
    edge: z.object({
      state: edgeState,
      reason: z.string().nullable().describe("Why there is no model."),
      model: z.string().describe("What it runs, or is to run: the policy's model or its candidate."),
      candidate: z
        .object({
          model: z.string(),
          state: z.enum(["selected", "not-selected", "rejected", "unavailable"]),
          reason: z.string().nullable(),
        })
        .nullable()
        .describe(
          "What this isolate does with the policy's candidate: selected, it loads or runs it; rejected, it runs the policy's model instead. null if the policy has none.",
        ),
      heapBytes: z.int(),
      loadMs: z.number().nullable(),
      acceptedGaps: z
        .array(z.object({ engine: z.enum(EDGE_ENGINES), mean: z.number(), largest: z.number(), spread: z.number() }))
        .nullable()
        .describe("How far INT8 is from FP32, if `--accept-gap` accepted it; null while no package is open."),
      queueMs: z.number().describe("Predicted wait of the next text."),
      queuedTexts: z.int(),
      breaker,
    }),
    origins: z.record(
      z.string(),
      z.object({
        model: z.string().nullable().describe("The package that answered last."),
        problem: z.string().nullable().describe("How its labels differ from those of the edge."),
        lastFailure: z.string().nullable(),
        breaker,
        longTexts: breaker.describe("The breaker of texts that may time out because of their size."),
        places: z.int().describe("The calls of this isolate that may run at once."),
        p95Ms: z.number().nullable(),
      }),
    ),
    policy: z.object({
      version: z.int(),
      minVersion: z.int().describe("No text is classified under an older policy."),
      source: z.enum(["kv", "last-good", "defaults"]),
      problem: z.string().nullable().describe("Why the stored policy is not in force."),
    }),
    access: z.object({ anonymous: z.string(), keysProblem: z.string().nullable() }),
    telemetry: z
      .object({ traces: exports, logs: exports, metrics: exports })
      .describe("What became of this isolate's spans, log records and data points."),
    ledger: z
      .object({
        state: z.enum(["on", "off"]),
        sent: z.int(),
        lost: z.int(),
        lastFailure: z.string().nullable(),
      })
      .describe(
        "What this isolate counted for the ledger: texts and requests in messages that were confirmed, and those that were not. off: the Worker has no binding LEDGER, so nothing is counted.",
      ),
    problems: z
      .array(z.string())
      .describe("Settings that the gateway cannot obey. Every request is refused while there is one."),
  })
  .describe("What the operator sees.");

/** @returns the schemas under `components.schemas`, by name */
export function bodySchemas(): Record<string, JsonSchema> {
  return {
    ClassifyRequest: jsonSchema(requestSchema, "input"),
    ClassifyAnswer: jsonSchema(answer),
    Error: jsonSchema(error),
    Health: jsonSchema(health),
    Readiness: jsonSchema(readiness),
    ReadinessDetails: jsonSchema(readinessDetails),
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output" = "output"): JsonSchema {
  // OpenAPI 3.1 has this dialect as its default.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => dropSafeInteger(jsonSchema),
  });
  return rest;
}

/** Zod bounds every integer by what a double holds. That is no rule of the contract. */
function dropSafeInteger(schema: JsonSchema): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
