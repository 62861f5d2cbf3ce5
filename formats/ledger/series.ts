/** What a count of the ledger belongs to. Fields hold codes, names and versions only: no text, no key, no address. */
import { isPlainText } from "../otlp/plain.ts";

/**
 * What is counted in a series' `n`, `sum` and histogram:
 * - `text`: texts by the time from admission to the answer (µs). Each text exactly once.
 * - `country`: the same by country, kept by the hour and day only.
 * - `request`: requests by the time from arrival to the answer (µs). `outcome` is `ok` or the refusal's reason. Each request exactly once.
 * - `wait`: texts at the edge by the time they waited (µs).
 * - `load`: loads of the edge model by their time (µs).
 * - `shadow`: comparisons of both sides; `outcome` is `agrees` or `differs`.
 * - `assigned`: texts by the model that their isolate runs or is to run, whichever side answered, while the policy has a candidate (µs).
 * - `rejection`: isolates that rejected the policy's candidate; `because` is the reason.
 * - `usage`: billed quantities; `because` is one of `USAGES`, `sum` its quantity.
 * - `missing`: records that an isolate counted and no shard received. May be negative where a late message fills a hole.
 */
export const KINDS = [
  "text",
  "country",
  "request",
  "wait",
  "load",
  "shadow",
  "assigned",
  "rejection",
  "usage",
  "missing",
] as const;
export type Kind = (typeof KINDS)[number];

/** Whether a text is eligible for the edge, and on which side of the share; known before cold, busy and slow are asked. */
export type Arm = "inside" | "outside" | "ineligible";
/** The outside arm is recorded in two halves, which are compared with each other as a check of the comparison itself. */
export const RECORDED_ARMS = ["inside", "outside-a", "outside-b", "ineligible"] as const;
export type RecordedArm = (typeof RECORDED_ARMS)[number];

/**
 * The billed quantities, and what `sum` holds of each:
 * requests and reads in numbers, CPU in µs, memory in MiB·ms as billed. `ledger-…` are counted by the control plane itself.
 */
export const USAGES = [
  "worker-requests",
  "gateway-cpu-us",
  "edge-cpu-us",
  "shadow-cpu-us",
  "load-cpu-us",
  "kv-reads",
  "r2-reads",
  "r2-lists",
  "origin-requests",
  "origin-mib-ms",
  "ledger-requests",
  "ledger-rows",
] as const;
export type Usage = (typeof USAGES)[number];

/** The fields in the order of their columns. */
export const SERIES_FIELDS = [
  "kind",
  "arm",
  "side",
  "origin",
  "because",
  "outcome",
  "policy",
  "model",
  "country",
  "worker",
] as const;
export type SeriesField = (typeof SERIES_FIELDS)[number];

/** An empty string where a field does not apply. */
export type Series = { readonly [field in Exclude<SeriesField, "kind">]: string } & { readonly kind: Kind };

const NONE = {
  arm: "",
  side: "",
  origin: "",
  because: "",
  outcome: "",
  policy: "",
  model: "",
  country: "",
  worker: "",
};
/** The value of a field whose own value is not counted separately. */
const OTHER = "other";
/** A series; fields that are left out do not apply. Values that are not plain become `other`. Several for each request: without copies. */
export function seriesOf(kind: Kind, fields: Partial<Record<Exclude<SeriesField, "kind">, string>>): Series {
  return {
    kind,
    arm: plain(fields.arm),
    side: plain(fields.side),
    origin: plain(fields.origin),
    because: plain(fields.because),
    outcome: plain(fields.outcome),
    policy: plain(fields.policy),
    model: plain(fields.model),
    country: plain(fields.country),
    worker: plain(fields.worker),
  };
}

function plain(value = ""): string {
  return isField(value) ? value : OTHER;
}

/** The series that counts instead of one over a bound: it keeps what has few values, so that arms and totals stay true. */
export function otherOf({ kind, arm, side, outcome, because }: Series): Series {
  const kept = kind === "usage" ? { because } : { because: OTHER };
  // Of `failed:<reason>` the reason goes: failures stay failures.
  return { ...NONE, kind, arm, side, outcome: outcome.split(":")[0] ?? "", ...kept };
}

/** Unique per series. */
export function keyOf(series: Series): string {
  const { kind, arm, side, origin, because, outcome, policy, model, country, worker } = series;
  return `${kind}\n${arm}\n${side}\n${origin}\n${because}\n${outcome}\n${policy}\n${model}\n${country}\n${worker}`;
}

/** Whether a field may have this value. */
export function isField(value: unknown): value is string {
  return typeof value === "string" && (value === "" || isPlainText(value));
}

/** Whether this is a kind. */
export function isKind(value: string): value is Kind {
  return (KINDS as readonly string[]).includes(value);
}

/** The arm that a recorded one is or is a half of. */
export function armOfRecorded(recorded: RecordedArm): Arm {
  return recorded === "outside-a" || recorded === "outside-b" ? "outside" : recorded;
}

/** The recorded halves of an arm. */
export function recordedArms(arm: Arm): readonly RecordedArm[] {
  return arm === "outside" ? ["outside-a", "outside-b"] : [arm];
}
