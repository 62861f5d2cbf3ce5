/** Numbers of a look in words, the same in reasons and in what is missing. Pure. */
import { count, days, ms, percent, ratio, signedPoints } from "../report/numbers.ts";
import { DAY_MS } from "../widths.ts";
import type { Compared } from "./measure.ts";
import type { LookNumbers, Missing } from "./types.ts";

export interface ArmNames {
  treatment: string;
  control: string;
}

/** Behind a noun: texts inside the share. */
export const ARM_NAMES: Readonly<Record<Compared, ArmNames>> = {
  share: { treatment: "inside the share", control: "outside" },
  model: { treatment: "of the candidate", control: "of the present model" },
  halves: { treatment: "of the first half", control: "of the second half" },
};

/** "12 of 1,034 texts inside the share failed (1.2 %), and 18 of 9,210 outside (0.2 %)" */
export function failuresInWords(
  { treatment, control }: { treatment: Counted; control: Counted },
  names: ArmNames,
): string {
  const rate = ({ failures, n }: Counted) => (n === 0 ? "no texts" : percent(failures / n));
  const of = ({ failures, n }: Counted) => `${count(failures)} of ${count(n)}`;
  const first = `${of(treatment)} texts ${names.treatment} failed (${rate(treatment)})`;
  return `${first}, and ${of(control)} ${names.control} (${rate(control)})`;
}

interface Counted {
  n: number;
  failures: number;
}

/** "P95 inside the share is 1.31 times P95 outside (626 ms, 478 ms)" */
export function p95InWords({ p95Ratio, treatment, control }: LookNumbers, names: ArmNames): string {
  const times = `(${ms(treatment.p95Ms)}, ${ms(control.p95Ms)})`;
  return `P95 ${names.treatment} is ${p95Ratio === null ? "–" : ratio(p95Ratio)} times P95 ${names.control} ${times}`;
}

/** "24 of 1,204 labels differ from the origin's (2 %)" */
export function labelsInWords({ agreement: { compared, disagreed } }: LookNumbers): string {
  const rate = compared === 0 ? "" : ` (${percent(disagreed / compared)})`;
  return `${count(disagreed)} of ${count(compared)} compared labels differ from the origin's${rate}`;
}

/** The counts that a look found: failures and P95 of both arms, labels. Empty where nothing was counted. */
export function numbersInWords(numbers: LookNumbers, names: ArmNames): string {
  const { treatment, control, agreement, p95Ratio } = numbers;
  const parts = [
    ...(treatment.n + control.n === 0 ? [] : [failuresInWords(numbers, names)]),
    ...(p95Ratio === null ? [] : [p95InWords(numbers, names)]),
    ...(agreement.compared === 0 ? [] : [labelsInWords(numbers)]),
  ];
  return parts.join("; ");
}

/** "0.5 points" */
export function points(part: number): string {
  return `${signedPoints(part).replace("+", "")} points`;
}

/** How long it takes until something is no longer missing, in ms; null where it is not known, or where the words have it already. */
export function waitOf({ what, ms: waitMs }: Missing): number | null {
  return what.endsWith(IN_THIS_STEP) ? null : waitMs;
}

/** Ends what is missing where it is a time. */
export const IN_THIS_STEP = "in this step";

/** "40 min", "2.1 days" */
export function duration(lengthMs: number): string {
  return days(lengthMs / DAY_MS);
}
