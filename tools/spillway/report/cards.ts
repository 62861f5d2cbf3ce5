/** Pure. The four figures that a reader looks for first. */
import { html } from "hono/html";
import {
  count,
  ms,
  percent,
  pointsInterval,
  ratio,
  ratioInterval,
  signedPoints,
  usd,
} from "../../../control-plane/report/numbers.ts";
import type { Report } from "../../../control-plane/report/report.ts";

interface Card {
  title: string;
  big: string;
  beside: string;
  below: string;
}

/** Empty without texts. */
export function cardsOf(report: Report) {
  if (report.texts === 0) return "";
  const cards = [timeCard(report), failureCard(report), labelCard(report), costCard(report)].map(
    ({ title, big, beside, below }) =>
      html`<div class="card"><h2>${title}</h2><div class="big">${big}</div><p><b>${beside}</b></p><p>${below}</p></div>`,
  );
  return html`<div class="cards">${cards}</div>`;
}

function timeCard({ arms: { inside, outside }, comparison: { p95Ratio } }: Report): Card {
  return {
    title: "P95, inside",
    big: ms(inside.p95Ms),
    beside: `${ms(outside.p95Ms)} outside`,
    below: p95Ratio === null ? "no interval yet" : `${ratio(p95Ratio.value)} times, ${ratioInterval(p95Ratio)}`,
  };
}

function failureCard({ arms: { inside, outside }, comparison: { failureDifference } }: Report): Card {
  return {
    title: "Failed, inside",
    big: percent(inside.failureRate),
    beside: `${percent(outside.failureRate)} outside`,
    below:
      failureDifference === null
        ? "no interval yet"
        : `${signedPoints(failureDifference.value)} points, ${pointsInterval(failureDifference)}`,
  };
}

function labelCard({ agreement: { compared, disagreed, disagreementRate, atMost } }: Report): Card {
  return {
    title: "With another label",
    big: percent(disagreementRate),
    beside: atMost === null ? "not compared yet" : `at most ${percent(atMost)}`,
    below: `${count(disagreed)} of ${count(compared)} compared`,
  };
}

function costCard({ arms: { inside, outside }, cost: { month } }: Report): Card {
  const cost = (value: number | null) => (value === null ? "–" : usd(value));
  return {
    title: "A million texts, inside",
    big: cost(inside.directUsdPerMillionTexts),
    beside: `${cost(outside.directUsdPerMillionTexts)} outside`,
    below: month === null ? "no cost yet" : `all: ${usd(month.listUsd)} a month, bill ${usd(month.billUsd)}`,
  };
}
