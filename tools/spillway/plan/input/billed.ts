/** Pure. What AWS bills a call today, from a report of any age. */

export interface ReportedTimes {
  durationMs: number;
  /** As in the report; null if it has none. */
  billedMs: number | null;
  initMs: number | null;
  /** Of a function with SnapStart: what is billed of the restore. */
  billedRestoreMs: number | null;
}

/**
 * Billed Duration includes INIT since August 2025, and the billed restore: 1698 = ⌈1233.96 + 463.512⌉. It is billed as it is then. Older
 * reports of ZIP functions lack INIT, which is billed today: ⌈Duration + Init⌉.
 * https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
 */
export function billedTodayMs({ durationMs, billedMs, initMs, billedRestoreMs }: ReportedTimes): number {
  const needed = Math.ceil(durationMs + (initMs ?? 0)) + (billedRestoreMs ?? 0);
  // Each part may have been rounded before the sum.
  return billedMs !== null && billedMs >= needed - 1 ? billedMs : needed;
}
