/** What was predicted beside what the ledger measured: P95 per arm, and cost per million texts. Pure. */
import type { Arm } from "../../../formats/ledger/series.ts";
import type { MeasuredReport } from "./calibration.ts";
import type { Option } from "./evaluate.ts";

export interface ComparedRow {
  /** `inside`, `outside`, `ineligible`: P95 in ms. `cost`: at list prices, per million texts. */
  name: Arm | "cost";
  predicted: number;
  measured: number;
  /** Predicted over measured, less 1. */
  difference: number;
  /** How far the prediction may be off: 10 % for P95, 5 % for cost. */
  allowed: number;
}

const ALLOWED = { p95: 0.1, cost: 0.05 } as const;
const ARMS: readonly Arm[] = ["inside", "outside", "ineligible"];
const MILLION = 1e6;

/** @param option Spillway at the share of the report */
export function comparedWith(option: Option, requestsPerMonth: number, report: MeasuredReport): ComparedRow[] {
  const rows = ARMS.flatMap((arm): ComparedRow[] => {
    const predicted = option.arms?.[arm].quantileMs(0.95) ?? null;
    const measured = report.arms[arm].p95Ms;
    return predicted === null || measured === null ? [] : [rowOf(arm, predicted, measured, ALLOWED.p95)];
  });
  const predicted = (option.bill.listUsd / requestsPerMonth) * MILLION;
  const measured = (report.cost.totalUsd / report.texts) * MILLION;
  return measured === 0 ? rows : [...rows, rowOf("cost", predicted, measured, ALLOWED.cost)];
}

function rowOf(name: ComparedRow["name"], predicted: number, measured: number, allowed: number): ComparedRow {
  return { name, predicted, measured, difference: predicted / measured - 1, allowed };
}
