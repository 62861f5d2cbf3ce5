/** The policy document. One zod schema is the parser, the source of the defaults, and (generated) the JSON Schema for editors. */
import * as z from "zod";
import { regionOfFunctionUrl } from "../formats/function-url.ts";
import { originUrlProblem } from "../formats/origin-url.ts";
import { candidateSchema } from "./candidate.ts";
import { ALLOWED_COUNTRY, describeUnknownCountry, RESIDENCY_COUNTRIES } from "./countries.ts";
import { modelId, percent } from "./fields.ts";
import { unknownOriginsIn } from "./names.ts";

const integer = (min: number, max: number) => z.int().min(min).max(max);
const number = (min: number, max: number) => z.number().min(min).max(max);

const consecutive = (fallback: number) =>
  integer(1, 1000).default(fallback).describe("Open after this many consecutive failures.");
const OPEN_MS = "Time in ms that the breaker stays open. It doubles at each re-opening, up to 300 s.";
const openMs = integer(100, 300_000).default(30_000).describe(OPEN_MS);

const edgeBreaker = z.strictObject({ consecutive: consecutive(3), openMs });

const originBreaker = z.strictObject({
  consecutive: consecutive(5),
  openMs: openMs.describe(`${OPEN_MS} A text that no other side can answer may try once a second.`),
  windowMs: integer(1000, 600_000).default(10_000).describe("Length of the failure-rate window in ms."),
  failureRate: z.number().min(1).max(100).default(50).describe("Open at this percentage of failures in the window."),
  minCalls: integer(1, 10_000).default(10).describe("Calls that the window must contain before the rate counts."),
  slowMs: integer(1, 60_000).default(5000).describe("A call slower than this many ms counts as a failure in the rate."),
});

/** Rules for another code would never match: residency would not apply to the callers that they were meant for. */
const country = z
  .string()
  .refine((code) => RESIDENCY_COUNTRIES.includes(code), {
    error: ({ input }) => (typeof input === "string" ? describeUnknownCountry(input) : `must be ${ALLOWED_COUNTRY}`),
  })
  .meta({ enum: [...RESIDENCY_COUNTRIES] });
const permission = z.string().regex(/^(edge|origin(:[a-z0-9-]+)?)$/, 'must be "edge", "origin" or "origin:<name>"');

const keepReason = z.enum(["error", "fallback", "refused", "slow"]);

const documentSchema = z.strictObject({
  $schema: z.string().optional().describe("Location of the JSON Schema of this document, for editors."),
  version: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Version of the document, reported in x-spillway-policy. Increase it with every edit: a version lower than the one in force is rejected. 0 is always accepted.",
    ),
  model: modelId
    .nullable()
    .default(null)
    .describe(
      "Model package of the edge. null selects the package of the deployment. Edit it to roll a model out or back.",
    ),
  candidate: candidateSchema
    .nullable()
    .default(null)
    .describe(
      "Another model package, which part of the isolates run instead of `model`, to compare both. An isolate that rejects it runs `model`. null tries none.",
    ),
  minVersion: z
    .int()
    .min(0)
    .default(0)
    .describe("Reject model packages older than this version (rollback protection)."),
  override: z
    .enum(["edge", "origin"])
    .nullable()
    .default(null)
    .describe("Send every text to one side, where that is possible. null disables the override."),
  edge: z
    .strictObject({
      share: percent.default(100).describe("Percentage of eligible texts that the edge answers, up to two decimals."),
      maxTokens: integer(1, 512)
        .default(512)
        .describe("Longer texts go to the origin. A lower limit of the model package applies as well."),
      maxQueueMs: integer(0, 30_000)
        .default(400)
        .describe(
          "A text that would wait longer than this many ms for the edge model goes to the origin. If no origin can answer, it waits up to origin.timeoutMs.",
        ),
      stickyBy: z
        .string()
        .regex(
          /^(api-key|text|request|header:[a-z0-9-]+)$/,
          'must be "api-key", "text", "request" or "header:<name>" in lowercase',
        )
        .default("api-key")
        .describe(
          "Key of the split by edge.share. The API key or a header keeps a caller on one side; without that key, the text is used. For an experiment, split by text, which keeps a text on one side, or by request, which splits each request anew.",
        ),
    })
    .prefault({})
    .describe("The edge: the share of texts, their length, and the longest wait."),
  latencyBudgetMs: integer(1, 60_000)
    .nullable()
    .default(null)
    .describe(
      "If the predicted edge time exceeds this many ms and an origin's recent P95 does not, route to that origin. null disables the rule. It has an effect only below edge.maxQueueMs plus the time of a long run; see docs/internals/adaptive-routing.md.",
    ),
  origin: z
    .strictObject({
      timeoutMs: integer(100, 60_000)
        .default(8000)
        .describe(
          "Timeout in ms of a call to an origin. Also the longest wait for the edge, unless maxQueueMs is larger.",
        ),
    })
    .prefault({})
    .describe("How origins are called."),
  origins: z
    .record(
      z.string().regex(/^[a-z0-9-]{1,40}$/, "must be lowercase letters, digits and dashes"),
      z.strictObject({
        // A URL's own check would remove spaces at its ends.
        url: z
          .string()
          .regex(/^\S+$/, "must be a URL without spaces")
          .check(z.url({ protocol: /^https?$/ }))
          .describe("Function URL of the origin."),
        region: z
          .string()
          .regex(/^[a-z0-9-]+$/, "must be an AWS region, as in us-east-1")
          .describe("AWS region that calls are signed for."),
        weight: z
          .number()
          .min(0)
          .max(10_000)
          .default(100)
          .describe("Relative share of the origin's texts. 0 uses it only when the other origins are unavailable."),
      }),
    )
    .default({})
    .describe(
      "Origins by name. If empty, the origin of the deployment is used, with the name default. A caller stays with one origin while that origin is healthy.",
    ),
  hedge: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe("Send a text to the other side too when the first side is slow. The first answer is used."),
      afterMs: integer(1, 60_000)
        .nullable()
        .default(null)
        .describe("Wait in ms before the hedge. null uses the recent P95 of the first side."),
    })
    .prefault({})
    .describe("A second attempt on the other side while the first attempt is still running."),
  shadow: z
    .strictObject({
      share: percent
        .default(0)
        .describe("Percentage of texts that are also sent to the other side after the answer, to compare both."),
    })
    .prefault({})
    .describe("Comparison of both sides on production traffic."),
  limits: z
    .strictObject({
      bodyBytes: integer(1, 16_777_216).default(1_048_576).describe("Larger bodies are refused with 413."),
      inputs: integer(1, 1024).default(64).describe("Texts per request. Requests with more are refused with 413."),
      concurrentRequests: integer(1, 1024)
        .default(128)
        .describe("Concurrent requests per isolate. Further requests are refused with 429 before their body is read."),
      originTokens: integer(1, 16_384).default(16_384).describe("Texts with more tokens are refused with 413."),
    })
    .prefault({})
    .describe("Limits of a request."),
  residency: z
    .strictObject({
      rules: z
        .array(
          z.strictObject({
            countries: z
              .array(country)
              .min(1)
              .describe(
                "Two-letter country codes (ISO 3166-1), or EU for all of its members. XX and T1 belong to `unknown`.",
              ),
            allow: z
              .array(permission)
              .describe(
                "Sides that may classify texts from these countries; an origin by its name in origins. An empty list refuses the texts.",
              ),
          }),
        )
        .default([])
        .describe("Every rule for the caller's country must allow a side."),
      unknown: z
        .union([z.enum(["allow", "refuse"]), z.array(permission)])
        .default("allow")
        .describe("Callers of unknown country, including T1 and XX: allow all, refuse, or a list as in a rule."),
    })
    .prefault({})
    .describe("Sides that may see a text, by the caller's country. It applies to fallback, hedge and shadow too."),
  minTls: z
    .enum(["1.0", "1.1", "1.2", "1.3"])
    .default("1.3")
    .describe("Callers with an older TLS version are refused with 403."),
  retryBudget: z
    .strictObject({
      percent: number(0, 100).default(20).describe("Second attempts as a percentage of the requests of the last 10 s."),
      minPerSecond: number(0, 1000)
        .default(3)
        .describe("Second attempts per second that are always allowed. They do not accumulate."),
    })
    .prefault({})
    .describe("Limit of second attempts (fallbacks and hedges) per isolate."),
  breaker: z
    .strictObject({
      edge: edgeBreaker.prefault({}).describe("Breaker of the isolate's model."),
      origin: originBreaker.prefault({}).describe("Breaker of each origin."),
    })
    .prefault({})
    .describe("When calls to a failing side stop, and for how long."),
  sampling: z
    .strictObject({
      ratio: number(0, 1)
        .default(1)
        .describe("Ratio of traces that are exported. A caller's decision in traceparent takes precedence."),
      keep: z
        .array(keepReason)
        .default([...keepReason.options])
        .describe(
          "Traces that are exported regardless of the ratio: answers of 5xx, texts whose first side failed, refused requests, and slow requests.",
        ),
      slowMs: integer(1, 60_000).default(1000).describe("A request that takes longer than this many ms is slow."),
    })
    .prefault({})
    .describe("Which traces are exported."),
});

/** Rules between two places of the document. JSON Schema cannot express them, so editors do not check them. */
export const policySchema = documentSchema.superRefine((policy, context) => {
  for (const problem of unknownOriginsIn(policy)) context.addIssue({ code: "custom", ...problem });
  for (const [name, { url, region }] of Object.entries(policy.origins)) {
    const refused = originUrlProblem(url);
    // Another scheme is the field's own problem.
    if (refused !== null && /^https?:/i.test(url)) {
      context.addIssue({ code: "custom", path: ["origins", name, "url"], message: `the URL ${refused}` });
    }
    const needed = regionOfFunctionUrl(url);
    if (needed === null || needed === region) continue;
    // AWS would answer each call with 403.
    const message = `the URL is a function in ${needed}, and calls must be signed for it`;
    context.addIssue({ code: "custom", path: ["origins", name, "region"], message });
  }
});

export type Policy = z.infer<typeof policySchema>;
