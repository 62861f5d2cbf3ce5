/** The answers of a report in sentences. Pure. */
import type { Comparison } from "./comparison.ts";
import { count, ms, percent, pointsInterval, ratio, ratioInterval, signedPoints, usd } from "./numbers.ts";
import type { Report } from "./report.ts";

/** Time, failures, labels, cost: each as one sentence, where there is something to say. */
export function summaryOf(report: Report): string[] {
  const sentences = [
    timeSentence(report),
    failureSentence(report.comparison),
    labelSentence(report),
    perMillionSentence(report),
    costSentence(report),
  ];
  return sentences.filter((sentence) => sentence !== null);
}

function timeSentence({ arms: { inside, outside }, comparison: { p95Ratio, p95 } }: Report): string | null {
  if (inside.p95Ms === null || outside.p95Ms === null) return null;
  const times = `P95 is ${ms(inside.p95Ms)} inside the share and ${ms(outside.p95Ms)} outside`;
  if (p95Ratio === null || p95 === null || (p95Ratio.high === null && p95Ratio.low === 0)) {
    return `${times}; there are too few texts for an interval.`;
  }
  const interval = `${ratio(p95Ratio.value)} times, ${ratioInterval(p95Ratio)}`;
  if (p95Ratio.high === null) return `${times}: ${interval}, with too few texts for an upper bound.`;
  if (p95 === "unclear") return `${times}: ${interval}. The interval includes 1, so no difference is shown.`;
  return `${times}: ${p95 === "lower" ? "faster" : "slower"}, ${interval}.`;
}

function failureSentence({ failureDifference, failures }: Comparison): string | null {
  if (failureDifference === null) return null;
  const difference = `${signedPoints(failureDifference.value)} points, ${pointsInterval(failureDifference)}`;
  if (failures === "unclear") return `Failures do not differ visibly: ${difference}.`;
  return `Inside the share ${failures === "lower" ? "fewer" : "more"} texts fail: ${difference}.`;
}

function labelSentence({ agreement: { compared, disagreed, atMost, missing } }: Report): string | null {
  if (compared === 0 || atMost === null) return null;
  const seen = `${count(disagreed)} of ${count(compared)} compared texts got another label from the other side`;
  const most = `at most ${percent(atMost)} do, with 95 % confidence`;
  return `${seen}: ${most}${missing === 0 ? "" : ", which is not enough to certify the model yet"}.`;
}

function costSentence({ cost: { totalUsd, perDayUsd, month } }: Report): string | null {
  if (totalUsd === 0 || perDayUsd === null || month === null) return null;
  const list = `${usd(totalUsd)} at list prices, ${usd(perDayUsd)} per day and ${usd(month.listUsd)} per month`;
  return `The cost is ${list}; with plan and allotments a month's bill is ${usd(month.billUsd)}.`;
}

function perMillionSentence({ arms: { inside, outside } }: Report): string | null {
  const [a, b] = [inside.directUsdPerMillionTexts, outside.directUsdPerMillionTexts];
  if (a === null || b === null || a + b === 0) return null;
  return `A million texts cost ${usd(a)} inside the share, loads of the model included, and ${usd(b)} outside.`;
}
