/** The policy document: one zod schema is the parser, the defaults and (generated) the JSON Schema for editors. */
import { z } from "zod";
import { unknownOriginsIn } from "./names.ts";

/** How a package is named: `<name>@<sha256 of its manifest>`. */
export const MODEL_ID = /^[a-z0-9][a-z0-9-]*@[0-9a-f]{64}$/;

/** Not by arithmetic: 12.34 times 100 is 1234 only by luck. */
const percent = z
  .number()
  .min(0)
  .max(100)
  .refine((value) => value === Number(value.toFixed(2)), "at most two decimals");

const consecutive = (fallback: number) =>
  z.int().min(1).max(1000).default(fallback).describe("Open after so many failures in a row.");
const openMs = z
  .int()
  .min(100)
  .max(300_000)
  .default(30_000)
  .describe("How long it stays open at first, in ms; doubled at each re-opening up to 300 s.");

const edgeBreaker = z.strictObject({ consecutive: consecutive(3), openMs });

const originBreaker = z.strictObject({
  consecutive: consecutive(5),
  openMs,
  windowMs: z.int().min(1000).max(600_000).default(10_000).describe("Length of the failure-rate window, in ms."),
  failureRate: z.number().min(1).max(100).default(50).describe("Open at this percentage of failures in the window."),
  minCalls: z.int().min(1).max(10_000).default(10).describe("Calls in the window before the rate counts."),
  slowMs: z.int().min(1).max(60_000).default(5000).describe("A call slower than this, in ms, counts as a failure."),
});

const country = z.string().regex(/^[A-Z]{2}$/, 'must be a two-letter country code in capitals, or "EU"');
const permission = z.string().regex(/^(edge|origin(:[a-z0-9-]+)?)$/, 'must be "edge", "origin" or "origin:<name>"');

const keepReason = z.enum(["error", "fallback", "refused", "slow"]);

const documentSchema = z.strictObject({
  $schema: z.string().optional().describe("Where editors find the JSON Schema of this document."),
  version: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Shown in x-spillway-policy; raise it at every edit: a lower one than that in force is not taken. 0 claims no order.",
    ),
  model: z
    .string()
    .regex(MODEL_ID, "must be <name>@<64 hex digits>, as `spillway model publish` prints it")
    .nullable()
    .default(null)
    .describe(
      "The model package at the edge; the deployment's own when null. A rollout or a rollback of a model is an edit here.",
    ),
  minVersion: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Packages of a lower version are refused: the guard against an old model, signed as it is, being put back.",
    ),
  override: z
    .enum(["edge", "origin"])
    .nullable()
    .default(null)
    .describe("Send everything to one side where physically possible."),
  edge: z
    .strictObject({
      share: percent.default(100).describe("Percent of eligible requests answered at the edge, two decimals."),
      maxTokens: z
        .int()
        .min(1)
        .max(512)
        .default(256)
        .describe("Longer texts go to the origin. The package's own limit holds where it is lower."),
      maxQueueMs: z
        .int()
        .min(0)
        .max(30_000)
        .default(400)
        .describe(
          "A text that would wait longer than this for the edge model, in ms, goes to the origin. Where none can answer it waits, up to origin.timeoutMs.",
        ),
      stickyBy: z
        .string()
        .regex(/^(api-key|text|header:[a-z0-9-]+)$/, 'must be "api-key", "text" or "header:<name>" in lowercase')
        .default("api-key")
        .describe(
          "What keeps a caller on one side of the share: the API key or a header; where there is none, the text.",
        ),
    })
    .prefault({})
    .describe("The edge: how many texts, how long ones, and how long they may wait."),
  latencyBudgetMs: z
    .int()
    .min(1)
    .max(60_000)
    .nullable()
    .default(null)
    .describe(
      "A text that the edge would take longer for, in ms, goes to an origin whose recent P95 is within this. Null: never. Matters only below edge.maxQueueMs plus the time of a long run; see docs/internals/adaptive-routing.md.",
    ),
  origin: z
    .strictObject({
      timeoutMs: z
        .int()
        .min(100)
        .max(60_000)
        .default(8000)
        .describe(
          "How long a call of the origin may take, in ms; nobody waits longer for the edge either, unless maxQueueMs is more.",
        ),
    })
    .prefault({})
    .describe("How origins are called."),
  origins: z
    .record(
      z.string().regex(/^[a-z0-9-]{1,40}$/, "must be lowercase letters, digits and dashes"),
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }).describe("The Function URL."),
        region: z
          .string()
          .regex(/^[a-z0-9-]+$/, "must be an AWS region, as in us-east-1")
          .describe("AWS region that calls are signed for."),
        weight: z
          .number()
          .min(0)
          .max(10_000)
          .default(100)
          .describe("Its part of the texts for an origin. 0: only when the others are out."),
      }),
    )
    .default({})
    .describe(
      "Origins by name; none means the deployment's own, named default. A caller stays with one while it is well.",
    ),
  hedge: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe("Try the other side too when the first is slow; the first answer wins."),
      afterMs: z
        .int()
        .min(1)
        .max(60_000)
        .nullable()
        .default(null)
        .describe("How long to wait before that, in ms; the side's recent P95 when null."),
    })
    .prefault({})
    .describe("A second try on the other side while the first is still under way."),
  shadow: z
    .strictObject({
      share: percent.default(0).describe("Percent of texts also sent to the other side after the answer, to compare."),
    })
    .prefault({})
    .describe("Comparing both sides on real traffic."),
  limits: z
    .strictObject({
      bodyBytes: z.int().min(1).max(16_777_216).default(1_048_576).describe("Larger bodies are refused with 413."),
      inputs: z.int().min(1).max(1024).default(64).describe("Texts in one request."),
      concurrentRequests: z
        .int()
        .min(1)
        .max(1024)
        .default(128)
        .describe("Requests that an isolate answers at once; one more is refused with 429, its body unread."),
      originTokens: z.int().min(1).max(16_384).default(16_384).describe("Texts with more tokens are refused with 413."),
    })
    .prefault({})
    .describe("What is refused as too large or too much."),
  residency: z
    .strictObject({
      rules: z
        .array(
          z.strictObject({
            countries: z.array(country).min(1).describe("Two-letter codes, or EU for all of its countries."),
            allow: z
              .array(permission)
              .describe(
                "Where texts from there may be classified, each origin by a name in origins; empty refuses them.",
              ),
          }),
        )
        .default([])
        .describe("Every rule for the caller's country must allow a side."),
      unknown: z
        .union([z.enum(["allow", "refuse"]), z.array(permission)])
        .default("allow")
        .describe("For callers whose country is not known (T1 and XX too): allow all, refuse, or a list as in a rule."),
    })
    .prefault({})
    .describe("Which sides may see a text, by the caller's country; for fallback, hedge and shadow too."),
  minTls: z
    .enum(["1.0", "1.1", "1.2", "1.3"])
    .default("1.3")
    .describe("Callers with an older TLS are refused with 403."),
  retryBudget: z
    .strictObject({
      percent: z
        .number()
        .min(0)
        .max(100)
        .default(20)
        .describe("Second tries in percent of the requests of the last 10 s."),
      minPerSecond: z
        .number()
        .min(0)
        .max(1000)
        .default(3)
        .describe("So many a second are allowed in any case; they are not saved up."),
    })
    .prefault({})
    .describe("How many second tries there may be, per isolate: fallbacks and hedges alike."),
  breaker: z
    .strictObject({
      edge: edgeBreaker.prefault({}).describe("The isolate's own model."),
      origin: originBreaker.prefault({}).describe("Each origin on its own."),
    })
    .prefault({})
    .describe("When a failing side is left alone, and for how long."),
  sampling: z
    .strictObject({
      ratio: z
        .number()
        .min(0)
        .max(1)
        .default(1)
        .describe("Part of the traces that is exported; a caller's own decision, in traceparent, goes before it."),
      keep: z
        .array(keepReason)
        .default([...keepReason.options])
        .describe(
          "What is exported whole although the ratio leaves it out: answers of 5xx, texts whose first side did not answer, requests that were refused, and slow ones.",
        ),
      slowMs: z
        .int()
        .min(1)
        .max(60_000)
        .default(1000)
        .describe("A request that takes longer than this, in ms, is slow."),
    })
    .prefault({})
    .describe("Which traces are exported."),
});

/** What one place of the document says of another; JSON Schema cannot say it, so editors do not see it. */
export const policySchema = documentSchema.superRefine((policy, context) => {
  for (const problem of unknownOriginsIn(policy)) context.addIssue({ code: "custom", ...problem });
});

export type Policy = z.infer<typeof policySchema>;
