/** The policy document: one zod schema is the parser, the defaults and (generated) the JSON Schema for editors. */
import { z } from "zod";

const percent = z
  .number()
  .min(0)
  .max(100)
  .refine((value) => Number.isInteger(Math.round(value * 1e6) / 1e4), "at most two decimals");

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

export const policySchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.int().min(0).default(0).describe("Shown in x-spillway-policy; raise it at every edit."),
  model: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]*@[0-9a-f]{64}$/,
      "looks like <name>@<64 hex digits>, as `spillway model publish` prints it",
    )
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
        .describe("A text that would wait longer than this for the edge model, in ms, goes to the origin."),
    })
    .prefault({}),
  origin: z
    .strictObject({
      timeoutMs: z.int().min(100).max(60_000).default(8000).describe("How long a call of the origin may take, in ms."),
    })
    .prefault({}),
  breaker: z.strictObject({ edge: edgeBreaker.prefault({}), origin: originBreaker.prefault({}) }).prefault({}),
});

export type Policy = z.infer<typeof policySchema>;
