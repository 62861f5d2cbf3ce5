/** The tables and notes of the bench `replay`. Pure. */
import type { Table } from "../../table.ts";
import { ARMS, GOALS, type ReplayResult, TEXTS_PER_MONTH } from "./report.ts";

const SHOWN = (value: number | null) => value ?? "–";

export function replayTables(result: ReplayResult): Table[] {
  const { days, billPerMonth } = result;
  return [
    {
      title: "The article's table, in ms by the gateway's clock",
      header: ["share %", "arm", "texts", "failed", "P50", "P95", "P99"],
      rows: days.flatMap(({ sharePercent, arms }) =>
        ARMS.filter((arm) => arms[arm].texts > 0).map((arm) => {
          const { texts, failures, p50Ms, p95Ms, p99Ms } = arms[arm];
          return [sharePercent, arm, texts, failures, SHOWN(p50Ms), SHOWN(p95Ms), SHOWN(p99Ms)];
        }),
      ),
    },
    {
      title: "Cold starts",
      header: [
        "share %",
        "Lambda calls",
        "cold",
        "cold %",
        "start P50 ms",
        "edge loads",
        "texts at a cold edge",
        "waited for it",
      ],
      rows: days.map(({ sharePercent, lambda, loads, edgeCold }) => [
        sharePercent,
        lambda.calls,
        lambda.coldStarts,
        lambda.coldPercent,
        SHOWN(lambda.startUpP50Ms),
        loads.count,
        edgeCold.texts,
        edgeCold.waited,
      ]),
    },
    {
      title: `A month of ${TEXTS_PER_MONTH.toLocaleString("en")} such texts, US dollars`,
      header: ["", "at list prices", "bill with allotments"],
      rows: [
        ["Lambda only", ...usd(billPerMonth.lambdaOnly)],
        ["Spillway at 10 %", ...usd(billPerMonth.at10)],
        ["Spillway at 100 %", ...usd(billPerMonth.at100)],
      ],
    },
    goalsTable(result),
    {
      title: "Simulated by spillway plan with these measurements",
      header: ["traffic", "texts a day", "Lambda P95 ms", "cold %", "edge P95 ms", "cold %", "edge/Lambda"],
      rows: result.simulated.map((row) => [
        row.name,
        row.textsPerDay,
        row.lambdaP95Ms,
        row.lambdaColdPercent,
        row.edgeP95Ms,
        row.edgeColdPercent,
        row.p95EdgeOverLambda,
      ]),
    },
  ];
}

/** The goals beside what was measured. */
export function goalsTable(result: ReplayResult): Table {
  const { agreement, accuracy } = result;
  return {
    title: "The goals",
    header: ["goal", "measured", "at most"],
    rows: [
      [
        "P95 of eligible texts, all at the edge over Lambda's",
        SHOWN(result.p95EdgeOverLambda),
        GOALS.p95EdgeOverLambda,
      ],
      ["texts that may have waited for a cold edge", result.waitedForEdgeColdStart, GOALS.waitedForEdgeColdStart],
      [`accuracy lost in points, ${accuracy.mails} mails`, result.accuracyLossPoints, GOALS.accuracyLossPoints],
      [`other labels, of ${agreement.compared} texts on both sides`, agreement.compared - agreement.sameLabel, "–"],
    ],
  };
}

function usd(bill: { listUsd: number; billUsd: number } | null): [number | string, number | string] {
  return bill === null ? ["–", "–"] : [bill.listUsd, bill.billUsd];
}

export function replayNotes({ texts, hours, days, instanceLifeMin, addedStartUpMs, isolateLifeH }: ReplayResult) {
  const took = days.map(({ tookSeconds }) => tookSeconds).join(" and ");
  const faster = days.map(({ timesFaster }) => timesFaster).join(" and ");
  return [
    `${hours} hours of a day with ${texts} texts, in ${took} s: ${faster} times faster, because the clock skips to the next text while no request is in progress and no model loads. Runs, loads, cold starts and overlaps are at real pace. An idle instance of Lambda ends after ${instanceLifeMin} minutes by that clock, an isolate after ${isolateLifeH} hours.`,
    "Edge over Lambda: P95 of the inside arm of the day at 100 %, spills included, over P95 of the outside arm of the day at 10 %. Both arms have eligible texts only, and both days the same texts. By the ledger, from admission to the answer.",
    `A cold start of Lambda is a new process of the real handler until its verified model is loaded, plus ${addedStartUpMs} ms. AWS's own start of a sandbox is not in it. No network is between edge, Lambda and caller.`,
    "An isolate is a gateway in workerd that has answered no request: its first texts find no model. Eviction of idle isolates is not replayed, because Cloudflare documents no time for it: the simulated rows show what it would change.",
    "With more traffic, fewer texts meet a cold start of Lambda, and its P95 is that of a warm run: see the simulated month of 2.5 M texts.",
    "The weights of the model are random: its labels have no meaning, and only its times and the agreement of both sides are of interest. Accuracy is the mail tagger's.",
    `The bill scales the ledger's counts to ${TEXTS_PER_MONTH.toLocaleString("en")} texts a month, INIT and loads included; both are rarer with that many texts.`,
  ];
}
